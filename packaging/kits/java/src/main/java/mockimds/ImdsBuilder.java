package mockimds;

import java.util.List;
import java.util.Map;

/** What a service is to be: {@link Imds#builder()}. */
public final class ImdsBuilder {
    /** Without a name the server would read the scenario of whoever runs the tests. */
    private static final String BUILT_IN = "default";

    private String scenario = BUILT_IN;
    private List<String> arguments = List.of();

    ImdsBuilder() {
    }

    /**
     * What it serves.
     *
     * @param scenario a name of the library, a path that ends in {@code .toml}, or TOML; the built-in instance if it is empty
     * @return this
     */
    public ImdsBuilder scenario(String scenario) {
        this.scenario = scenario.isEmpty() ? BUILT_IN : scenario;
        return this;
    }

    /**
     * What it serves.
     *
     * @param scenario its tables and keys: {@code Map.of("instance", Map.of("instance-type", "c7g.large"))}
     * @return this
     */
    public ImdsBuilder scenario(Map<String, ?> scenario) {
        // A table without keys is TOML, too, and no name.
        this.scenario = Toml.of(scenario) + "\n";
        return this;
    }

    /**
     * More options of {@code mock-imds serve}.
     *
     * @param arguments the options
     * @return this
     */
    public ImdsBuilder arguments(String... arguments) {
        this.arguments = List.of(arguments);
        return this;
    }

    /**
     * For a field with {@code @RegisterExtension}: JUnit starts it, and ends it.
     *
     * @return the service, which does not run yet
     */
    public Imds build() {
        return new Imds(scenario, arguments);
    }

    /**
     * Without JUnit's help.
     *
     * @return the service, which runs until it is closed
     * @throws ImdsException if it does not start: the message has its log
     */
    public Imds start() {
        Imds imds = build();
        imds.begin();
        return imds;
    }
}
