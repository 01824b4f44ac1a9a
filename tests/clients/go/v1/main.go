// Prints as JSON what the AWS SDK for Go, version 1, finds out about the instance.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatalf("%T: %v", value, err)
	}
	return value
}

func main() {
	log.SetFlags(log.Lshortfile)
	aws := session.Must(session.NewSession())
	keys := must(aws.Config.Credentials.Get())
	service := ec2metadata.New(aws)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"instance-id":       must(service.GetMetadata("instance-id")),
		"macs":              must(service.GetMetadata("network/interfaces/macs/")),
		"user-data-length":  len(must(service.GetUserData())),
		"region":            must(service.Region()),
		"document":          must(service.GetInstanceIdentityDocument()),
		"profile":           must(service.IAMInfo()).InstanceProfileArn,
		"provider":          keys.ProviderName,
		"access-key-id":     keys.AccessKeyID,
		"secret-access-key": keys.SecretAccessKey,
		"session-token":     keys.SessionToken,
	})
}
