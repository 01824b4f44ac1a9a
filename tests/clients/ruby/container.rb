# Prints as JSON what the AWS SDK for Ruby gets from the endpoint of a container. Beside it are Debian's packages, unpacked.
unpacked = File.join(__dir__, 'root/usr')
$LOAD_PATH.unshift(*Dir[File.join(unpacked, 'share/rubygems-integration/all/gems/*/lib')])
$LOAD_PATH.unshift(File.join(unpacked, 'lib/ruby/vendor_ruby'))
require 'aws-sdk-core'
require 'json'

keys = Aws::CredentialProviderChain.new.resolve.credentials
found = {
  'access-key-id' => keys.access_key_id,
  'secret-access-key' => keys.secret_access_key,
  'session-token' => keys.session_token
}
puts JSON.generate('keys' => [found])
