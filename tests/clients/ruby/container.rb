# Prints as JSON what the AWS SDK for Ruby gets from the endpoint of a container.
require 'aws-sdk-core'
require 'json'

keys = Aws::CredentialProviderChain.new.resolve.credentials
found = {
  'access-key-id' => keys.access_key_id,
  'secret-access-key' => keys.secret_access_key,
  'session-token' => keys.session_token
}
puts JSON.generate('keys' => [found])
