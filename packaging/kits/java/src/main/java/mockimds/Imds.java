package mockimds;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A metadata service of one test: a mock-imds server.
 * {@code @RegisterExtension Imds imds = Imds.builder().scenario("spot-idle").build()} starts one for each test, and a static field
 * one for all tests of the class. Without JUnit's help: {@code try (Imds imds = Imds.start(""))}.
 */
public final class Imds extends Service {
    Imds(String scenario, List<String> arguments) {
        super(scenario, arguments);
    }

    /**
     * Starts a service that runs until it is closed.
     *
     * @param scenario a name of the library, a path that ends in {@code .toml}, or TOML; the built-in instance if it is empty
     * @return the service
     * @throws ImdsException if it does not start: the message has its log
     */
    public static Imds start(String scenario) {
        return builder().scenario(scenario).start();
    }

    /**
     * What a service is to be.
     *
     * @return the settings, to be changed
     */
    public static ImdsBuilder builder() {
        return new ImdsBuilder();
    }

    // === Orders ===

    /**
     * Asks the control API, whose routes docs/control-api.md of mock-imds has.
     *
     * @param method such as {@code POST}
     * @param route such as {@code /v1/events}
     * @param body what is written as JSON: maps, collections, text, numbers, booleans; null for none
     * @return the answer: maps, lists, text, numbers, booleans
     */
    public Object ask(String method, String route, Object body) {
        return control().ask(method, route, body).body();
    }

    /**
     * Triggers an event.
     *
     * @param keys those of {@code [[event]]}, and {@code in}
     * @return the server's answer; {@code message} is a sentence
     * @throws RejectedException if the keys are not understood
     */
    public Map<String, Object> event(Map<String, ?> keys) {
        return control().order("/v1/events", keys);
    }

    /**
     * Issues a spot interruption notice: termination in two minutes.
     *
     * @return the server's answer
     */
    public Map<String, Object> spot() {
        return spot("terminate");
    }

    /**
     * Issues a spot interruption notice for an action in two minutes.
     *
     * @param action {@code terminate}, {@code stop} or {@code hibernate}
     * @return the server's answer
     */
    public Map<String, Object> spot(String action) {
        return event(Map.of("spot-interruption", Map.of("action", action, "notice", "2m")));
    }

    /**
     * Issues it later.
     *
     * @param delay how much later, on the scenario's clock
     * @return the server's answer
     */
    public Map<String, Object> spotIn(Duration delay) {
        return event(Map.of("spot-interruption", Map.of("action", "terminate", "notice", "2m"), "in", delay));
    }

    /**
     * Issues a rebalance recommendation.
     *
     * @return the server's answer
     */
    public Map<String, Object> rebalance() {
        return event(Map.of("rebalance-recommendation", Map.of()));
    }

    /**
     * Sets the target lifecycle state of an Auto Scaling group.
     *
     * @param state such as {@code Terminated}
     * @return the server's answer
     */
    public Map<String, Object> lifecycle(String state) {
        return event(Map.of("target-lifecycle-state", state));
    }

    /**
     * Overrides the value of a path.
     *
     * @param path such as {@code meta-data/ami-id}
     * @param value the value
     * @return the server's answer
     */
    public Map<String, Object> set(String path, String value) {
        return event(Map.of("set", Map.of(path, value)));
    }

    /**
     * Has a path answer 404.
     *
     * @param path such as {@code meta-data/public-ipv4}
     * @return the server's answer
     */
    public Map<String, Object> remove(String path) {
        return event(Map.of("set", Map.of(path, false)));
    }

    /**
     * Removes overrides.
     *
     * @param paths those of {@link #set} and {@link #remove}
     * @return the server's answer
     */
    public Map<String, Object> unset(String... paths) {
        return event(Map.of("unset", List.of(paths)));
    }

    /**
     * Injects a fault.
     *
     * @param keys those of {@code [[fault]]}, such as {@code path}, {@code status} and {@code for}, and {@code in}
     * @return the fault
     * @throws RejectedException if the keys are not understood
     */
    public Fault fault(Map<String, ?> keys) {
        return new Fault(control(), String.valueOf(control().order("/v1/faults", keys).get("name")));
    }

    /**
     * The scenario's clock.
     *
     * @return the clock
     */
    public Clock clock() {
        return new Clock(control());
    }

    /**
     * Switches to another scenario.
     *
     * @param scenario a name of the library, a path that ends in {@code .toml}, or TOML
     * @return the server's answer
     */
    public Map<String, Object> use(String scenario) {
        String named = Toml.scenarioName(scenario);
        return control().order("/v1/use", named == null ? Map.of("content", Map.of("text", scenario)) : Map.of("scenario", named));
    }

    /**
     * Switches to another scenario.
     *
     * @param scenario its tables and keys
     * @return the server's answer
     */
    public Map<String, Object> use(Map<String, ?> scenario) {
        return control().order("/v1/use", Map.of("content", Map.of("text", Toml.of(scenario))));
    }

    /**
     * Returns to the scenario of the start.
     *
     * @return the server's answer
     */
    public Map<String, Object> reload() {
        return control().order("/v1/reload", Map.of());
    }

    /**
     * Takes back what was ordered.
     *
     * @return the server's answer
     */
    public Map<String, Object> clear() {
        return control().order("/v1/clear", Map.of());
    }
}
