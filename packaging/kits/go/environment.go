package imdstest

import (
	"os"
	"strings"
)

const host = "127.0.0.1"

// What AWS SDKs would ask before an instance.
var unset = []string{
	"AWS_ACCESS_KEY_ID",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_DEFAULT_PROFILE",
	"AWS_EC2_METADATA_DISABLED",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
	"AWS_EC2_METADATA_V1_DISABLED",
	"AWS_PROFILE",
	"AWS_ROLE_ARN",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SECURITY_TOKEN",
	"AWS_SESSION_TOKEN",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
}

func sdkEnvironment(url string) map[string]string {
	variables := map[string]string{
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
		// The keys of a profile go before those of an instance.
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
	// Clients read one of the two: where only one is set it counts for both.
	for name, other := range map[string]string{"NO_PROXY": "no_proxy", "no_proxy": "NO_PROXY"} {
		given := os.Getenv(name)
		if given == "" {
			given = os.Getenv(other)
		}
		if strings.TrimSpace(given) == "*" {
			// A star, which stands for all hosts, does so only alone.
			variables[name] = given
			continue
		}
		hosts := []string{host}
		for _, other := range strings.Split(given, ",") {
			if other != "" && other != host {
				hosts = append(hosts, other)
			}
		}
		variables[name] = strings.Join(hosts, ",")
	}
	return variables
}
