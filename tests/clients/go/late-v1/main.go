// Prints as JSON whose keys the provider of the AWS SDK for Go, version 1, has at each of these times of the service's clock.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	service := ec2metadata.New(session.Must(session.NewSession(aws.NewConfig().WithMaxRetries(0))))
	provider := &ec2rolecreds.EC2RoleProvider{Client: service}
	report := map[string]string{"version": aws.SDKVersion}
	seen := map[string]int{}
	for _, at := range os.Args[1:] {
		seek := strings.Fields(os.Getenv("SEEK"))
		if err := exec.Command(seek[0], append(seek[1:], at)...).Run(); err != nil {
			panic(err)
		}
		keys, err := provider.Retrieve()
		if err != nil {
			report[at] = "error"
			if coded, ok := err.(awserr.Error); ok {
				report[at] = coded.Code()
			}
			continue
		}
		if seen[keys.AccessKeyID] == 0 {
			seen[keys.AccessKeyID] = len(seen) + 1
		}
		report[at] = fmt.Sprintf("keys %d", seen[keys.AccessKeyID])
	}
	json.NewEncoder(os.Stdout).Encode(report)
}
