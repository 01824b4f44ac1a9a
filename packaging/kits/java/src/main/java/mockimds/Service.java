package mockimds;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a service is, what it serves, and who asked. */
abstract class Service extends Lifecycle {
    /** The server waits no longer in one answer. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
    /** A test that failed waits no longer for the requests that it shows; nor for an answer that is late. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    Service(String scenario, List<String> arguments) {
        super(scenario, arguments);
    }

    Control control() {
        return new Control(controlSocket());
    }

    // === What it is ===

    /**
     * Where it is.
     *
     * @return {@code http://127.0.0.1:PORT}
     */
    public String url() {
        return server().ready("url");
    }

    /**
     * The instance that clients meet unless the scenario has another one for them.
     *
     * @return the instance id
     */
    public String instanceId() {
        return server().ready("instance_id");
    }

    /**
     * The socket of the control API.
     *
     * @return its path
     */
    public Path controlSocket() {
        return Path.of(server().ready("control_socket"));
    }

    /**
     * The process.
     *
     * @return its id
     */
    public long pid() {
        return Long.parseLong(server().ready("pid"));
    }

    /**
     * What the server has written to stderr.
     *
     * @return the text
     */
    public String log() {
        return server().log();
    }

    /**
     * The variables that lead AWS SDKs here, and past everything that they would ask before.
     *
     * @return names and values; null for one that must not be set
     */
    public Map<String, String> environment() {
        return SdkSettings.variables(url(), System.getenv());
    }

    /**
     * The system properties that do the same for AWS SDKs for Java.
     *
     * @return names and values; null for one that must not be set
     */
    @Override
    public Map<String, String> systemProperties() {
        return SdkSettings.properties(url());
    }

    /**
     * Has a program that is started meet this service.
     *
     * @param program the program
     * @return the same
     */
    public ProcessBuilder lead(ProcessBuilder program) {
        Map<String, String> variables = program.environment();
        SdkSettings.variables(url(), variables).forEach((name, value) -> {
            if (value == null) {
                variables.remove(name);
            } else {
                variables.put(name, value);
            }
        });
        return program;
    }

    // === What is served, and who asked ===

    /**
     * The server's status: scenario, clock, events.
     *
     * @return maps, lists, text, numbers, booleans
     */
    public Map<String, Object> status() {
        return Json.object(control().ask("GET", "/v1/status", null).body());
    }

    /**
     * What the service answers at a path, if that is 200. It leaves no request.
     *
     * @param path such as {@code meta-data/instance-id}
     * @return the body; one that is no text has a character for each byte
     */
    public Optional<String> show(String path) {
        Map<String, Object> shown = Json.object(control().get("/v1/show", Map.of("path", path), PATIENCE).body());
        if (!Long.valueOf(200).equals(shown.get("status"))) {
            return Optional.empty();
        }
        if (shown.get("base64") instanceof String encoded) {
            return Optional.of(new String(Base64.getDecoder().decode(encoded), StandardCharsets.ISO_8859_1));
        }
        return Optional.of(String.valueOf(shown.get("body")));
    }

    /**
     * The requests of clients.
     *
     * @return the oldest first
     */
    public List<Request> requests() {
        return requests(Filter.ALL);
    }

    /**
     * Some of the requests of clients.
     *
     * @param filter which
     * @return the oldest first
     */
    public List<Request> requests(Filter filter) {
        return Request.all(control().get("/v1/requests", filter.query(), PATIENCE).body());
    }

    /**
     * Waits for a request for a path, half a minute at most. One that has come already counts.
     *
     * @param path in it {@code *} stands for a part, and {@code **} for any number of parts
     * @return the first one
     * @throws NoRequestError if none comes in time
     */
    public Request waitFor(String path) {
        return waitFor(path, Filter.ALL);
    }

    /**
     * Waits for a request for a path. One that has come already counts: with the status 200 only one that found something there.
     *
     * @param path in it {@code *} stands for a part, and {@code **} for any number of parts
     * @param filter more conditions, and the longest wait
     * @return the first one
     * @throws NoRequestError if none comes in time
     */
    public Request waitFor(String path, Filter filter) {
        long deadline = System.nanoTime() + filter.timeout().toNanos();
        String since = "start";
        while (true) {
            long left = Math.max(0, deadline - System.nanoTime());
            Duration wait = Duration.ofNanos(Math.min(left, LONGEST_WAIT.toNanos()));
            Map<String, String> query = filter.path(path).query();
            query.putAll(Map.of("since", since, "limit", "1", "wait", String.format(Locale.ROOT, "%.3f", wait.toNanos() / 1e9)));
            Control.Answer answer = control().get("/v1/requests", query, wait.plus(PATIENCE));
            Optional<Request> found = Request.all(answer.body()).stream().findFirst();
            if (found.isPresent()) {
                return found.get();
            }
            if (left == 0) {
                String wanted = path + filter.besidesPath();
                throw new NoRequestError("no request for " + wanted + " within " + filter.timeout().toMillis() + " ms; " + came());
            }
            since = answer.position();
        }
    }

    private String came() {
        try {
            List<Request> came = requests();
            return came.size() + " came, the last ones:" + Request.shown(came);
        } catch (ImdsException error) {
            return "what came is not known: " + error.getMessage();
        }
    }

    @Override
    String diagnosis() {
        return "of mock-imds: " + came() + "\nits log: " + log().trim();
    }
}
