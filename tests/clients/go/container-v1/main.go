// Prints as JSON what the AWS SDK for Go, version 1, gets from the endpoint of a container.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	log.SetFlags(log.Lshortfile)
	keys, err := session.Must(session.NewSession()).Config.Credentials.Get()
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"provider": keys.ProviderName,
		"keys": []map[string]string{{
			"access-key-id":     keys.AccessKeyID,
			"secret-access-key": keys.SecretAccessKey,
			"session-token":     keys.SessionToken,
		}},
	})
}
