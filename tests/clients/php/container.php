<?php

// Prints as JSON what AsyncAws for PHP gets from the endpoint of a container. Beside it are Debian's packages, unpacked.

set_include_path(__DIR__ . '/root/usr/share/php');
require_once 'AsyncAws/Core/autoload.php';

use AsyncAws\Core\Configuration;
use AsyncAws\Core\Credentials\ChainProvider;

$keys = ChainProvider::createDefaultChain()->getCredentials(Configuration::create([]));
if (null === $keys) {
    fwrite(STDERR, "the default chain finds no credentials\n");
    exit(1);
}
$found = [
    'access-key-id' => $keys->getAccessKeyId(),
    'secret-access-key' => $keys->getSecretKey(),
    'session-token' => $keys->getSessionToken(),
];
echo json_encode(['keys' => [$found]], JSON_THROW_ON_ERROR), "\n";
