package mockimds;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** When a service begins and ends: with a test, with a class of tests, or as its user says. */
abstract class Lifecycle
    implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("mockimds");
    private static final String UNASKED = " do not ask mock-imds for keys, because ";

    private final String scenario;
    private final List<String> arguments;
    private Server server;
    /** The test or class that it began with, by JUnit's name; null if it began with none. */
    private String owner;
    private Runnable restoreProperties = () -> { };

    Lifecycle(String scenario, List<String> arguments) {
        this.scenario = scenario;
        this.arguments = arguments;
    }

    Server server() {
        if (server == null) {
            throw new IllegalStateException("this service does not run: JUnit starts that of a field with @RegisterExtension, and"
                + " Imds.start(…) others");
        }
        return server;
    }

    void begin() {
        server = Server.start(scenario, arguments);
    }

    /** Ends the service, and removes its files. JUnit does it where it started it. */
    @Override
    public void close() {
        restoreProperties.run();
        restoreProperties = () -> { };
        if (server != null) {
            server.stop();
            server = null;
        }
    }

    /**
     * Leads AWS SDKs in this process here, and past everything that they would ask before. The system properties are those of all
     * threads: parallel tests give the URL to their SDK instead.
     *
     * @return restores the properties that were there
     */
    public Runnable setSystemProperties() {
        List<String> inTheWay = SdkSettings.inTheWay(System.getenv());
        if (!inTheWay.isEmpty()) {
            LOGGER.log(System.Logger.Level.WARNING, "AWS SDKs in this process" + UNASKED + "its environment has " + inTheWay
                + ": unset this for the test run");
        }
        if (SdkSettings.isVersion1Here()) {
            SdkSettings.profilesOfVersion1(System.getenv(), Path.of(System.getProperty("user.home"))).ifPresent(file ->
                LOGGER.log(System.Logger.Level.WARNING, "clients of version 1 of the AWS SDK for Java in this process" + UNASKED
                    + "they go by the profiles in " + file + ", if it has keys: set AWS_CREDENTIAL_PROFILES_FILE=/dev/null for the test run"));
        }
        return SdkSettings.change(systemProperties());
    }

    abstract Map<String, String> systemProperties();

    /** What a failed test shows: the requests that came, and the log of the server. */
    abstract String diagnosis();

    // === For JUnit ===

    void beginWith(ExtensionContext context) {
        if (owner != null) {
            // Nested classes have the service of the class around them.
            return;
        }
        // One that was started already, by Imds.start in a field, is kept, and ends with the test or the class.
        if (server == null) {
            begin();
        }
        owner = context.getUniqueId();
        if (!isParallel(context)) {
            restoreProperties = setSystemProperties();
        }
    }

    private void endWith(ExtensionContext context) {
        if (context.getUniqueId().equals(owner)) {
            owner = null;
            close();
        }
    }

    /** Adds the diagnosis to what made a test fail: all runners show it. */
    void explain(ExtensionContext context) {
        if (server != null) {
            context.getExecutionException().ifPresent(failure -> failure.addSuppressed(new Diagnosis(diagnosis())));
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        beginWith(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        beginWith(context);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        explain(context);
        endWith(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        endWith(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Imds.class && server != null;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return this;
    }

    /** The whole run is called concurrent always: what counts is below it. */
    private static boolean isParallel(ExtensionContext context) {
        String enabled = "junit.jupiter.execution.parallel.enabled";
        if (!context.getConfigurationParameter(enabled).map(Boolean::parseBoolean).orElse(false)) {
            return false;
        }
        ExtensionContext one = context;
        while (one.getParent().isPresent()) {
            if (one.getExecutionMode() == ExecutionMode.CONCURRENT) {
                return true;
            }
            one = one.getParent().get();
        }
        return false;
    }

    private static final class Diagnosis extends Exception {
        private static final long serialVersionUID = 1;

        Diagnosis(String text) {
            super(text, null, false, false);
        }

        @Override
        public String toString() {
            return getMessage();
        }
    }
}
