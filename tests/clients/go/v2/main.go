// Prints as JSON what the AWS SDK for Go, version 2, finds out about the instance.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatalf("%T: %v", value, err)
	}
	return value
}

func main() {
	log.SetFlags(log.Lshortfile)
	always := context.Background()
	aws := must(config.LoadDefaultConfig(always, config.WithEC2IMDSRegion()))
	keys := must(aws.Credentials.Retrieve(always))
	service := imds.NewFromConfig(aws)
	metadata := func(path string) string {
		found := must(service.GetMetadata(always, &imds.GetMetadataInput{Path: path}))
		return string(must(io.ReadAll(found.Content)))
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"instance-id":       metadata("instance-id"),
		"macs":              metadata("network/interfaces/macs/"),
		"user-data-length":  len(must(io.ReadAll(must(service.GetUserData(always, nil)).Content))),
		"region":            aws.Region,
		"document":          must(service.GetInstanceIdentityDocument(always, nil)).InstanceIdentityDocument,
		"profile":           must(service.GetIAMInfo(always, nil)).InstanceProfileArn,
		"provider":          keys.Source,
		"access-key-id":     keys.AccessKeyID,
		"secret-access-key": keys.SecretAccessKey,
		"session-token":     keys.SessionToken,
	})
}
