// Prints as JSON what the AWS SDK for Go, version 2, gets from the endpoint of a container.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	log.SetFlags(log.Lshortfile)
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	keys, err := aws.Credentials.Retrieve(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"provider": keys.Source,
		"keys": []map[string]string{{
			"access-key-id":     keys.AccessKeyID,
			"secret-access-key": keys.SecretAccessKey,
			"session-token":     keys.SessionToken,
		}},
	})
}
