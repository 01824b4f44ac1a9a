package mockimds;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What leads AWS SDKs to a server, and past everything that they would ask before it; null for what must not be set. */
final class SdkSettings {
    private static final String HOST = "127.0.0.1";
    private static final String NO_FILE = "/dev/null";

    /** Variables that an SDK goes by before it asks an instance. No system property takes precedence over these. */
    private static final List<String> IN_THE_WAY = List.of(
        "AWS_ACCESS_KEY_ID",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE");

    private static final List<String> OTHER_VARIABLES = List.of(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_EC2_METADATA_V1_DISABLED",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN");

    /** Where version 1 of the AWS SDK for Java finds profiles. No system property has the same meaning. */
    private static final String PROFILES_OF_VERSION_1 = "AWS_CREDENTIAL_PROFILES_FILE";
    private static final String CLASS_OF_VERSION_1 = "com.amazonaws.auth.profile.ProfileCredentialsProvider";

    private static final List<String> UNSET_PROPERTIES = List.of(
        "aws.accessKeyId",
        "aws.containerAuthorizationToken",
        "aws.containerCredentialsFullUri",
        "aws.containerCredentialsPath",
        "aws.profile",
        "aws.roleArn",
        "aws.secretAccessKey",
        "aws.secretKey",
        "aws.sessionToken",
        "aws.webIdentityTokenFile",
        "com.amazonaws.sdk.disableEc2Metadata");

    private SdkSettings() {
    }

    /** For programs that a test starts. */
    static Map<String, String> variables(String url, Map<String, String> given) {
        Map<String, String> variables = new LinkedHashMap<>();
        Stream.concat(IN_THE_WAY.stream(), OTHER_VARIABLES.stream()).forEach(name -> variables.put(name, null));
        variables.put("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
        // The keys of a profile go before those of an instance.
        variables.put("AWS_CONFIG_FILE", NO_FILE);
        variables.put("AWS_SHARED_CREDENTIALS_FILE", NO_FILE);
        variables.put(PROFILES_OF_VERSION_1, NO_FILE);
        // Clients read one of the two: where only one is set it counts for both.
        String upper = Objects.requireNonNullElse(given.get("NO_PROXY"), "");
        String lower = Objects.requireNonNullElse(given.get("no_proxy"), "");
        variables.put("NO_PROXY", withHost(upper.isEmpty() ? lower : upper));
        variables.put("no_proxy", withHost(lower.isEmpty() ? upper : lower));
        return variables;
    }

    /** For AWS SDKs in this process, which read properties before the variables of the same meaning. */
    static Map<String, String> properties(String url) {
        Map<String, String> properties = new LinkedHashMap<>();
        UNSET_PROPERTIES.forEach(name -> properties.put(name, null));
        properties.put("aws.ec2MetadataServiceEndpoint", url);
        properties.put("com.amazonaws.sdk.ec2MetadataServiceEndpointOverride", url);
        properties.put("aws.configFile", NO_FILE);
        properties.put("aws.sharedCredentialsFile", NO_FILE);
        properties.put("aws.disableEc2Metadata", "false");
        properties.put("aws.disableEc2MetadataV1", "false");
        properties.put("aws.ec2MetadataServiceEndpointMode", "IPv4");
        return properties;
    }

    /** The variables of an environment that an SDK in this process goes by, whatever the properties are. */
    static List<String> inTheWay(Map<String, String> given) {
        return IN_THE_WAY.stream().filter(name -> !given.getOrDefault(name, "").isEmpty()).toList();
    }

    /** Whether version 1 of the AWS SDK for Java is on the class path of the tests. */
    static boolean isVersion1Here() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        try {
            Class.forName(CLASS_OF_VERSION_1, false, loader == null ? SdkSettings.class.getClassLoader() : loader);
            return true;
        } catch (ClassNotFoundException | LinkageError error) {
            return false;
        }
    }

    /** The file with profiles that version 1 goes by in this process, whatever the properties are. */
    static Optional<Path> profilesOfVersion1(Map<String, String> given, Path home) {
        String named = given.get(PROFILES_OF_VERSION_1);
        Stream<Path> places = named != null ? Stream.of(Path.of(named))
            : Stream.of("credentials", "config").map(name -> home.resolve(".aws").resolve(name));
        return places.filter(Files::isRegularFile).findFirst();
    }

    /** Sets the properties; what it gives restores what was there. */
    static Runnable change(Map<String, String> properties) {
        Map<String, String> before = new LinkedHashMap<>();
        properties.keySet().forEach(name -> before.put(name, System.getProperty(name)));
        set(properties);
        return () -> set(before);
    }

    private static void set(Map<String, String> properties) {
        properties.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }

    /** A star, which stands for all hosts, does so only alone. */
    private static String withHost(String given) {
        if (given.trim().equals("*")) {
            return given;
        }
        Stream<String> others = Arrays.stream(given.split(",")).filter(other -> !other.isEmpty() && !other.equals(HOST));
        return Stream.concat(others, Stream.of(HOST)).collect(Collectors.joining(","));
    }
}
