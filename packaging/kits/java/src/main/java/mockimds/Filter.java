package mockimds;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Which requests are meant: all, unless it is said. Filters do not change: each method gives another one. */
public final class Filter {
    /** All requests. */
    public static final Filter ALL = new Filter(Map.of(), Duration.ofSeconds(30));

    private final Map<String, String> conditions;
    private final Duration timeout;

    private Filter(Map<String, String> conditions, Duration timeout) {
        this.conditions = conditions;
        this.timeout = timeout;
    }

    /**
     * Those for a path.
     *
     * @param path in it {@code *} stands for a part, and {@code **} for any number of parts
     * @return this with the condition
     */
    public Filter path(String path) {
        return with("path", path);
    }

    /**
     * Those whose reply had a status.
     *
     * @param status such as 200
     * @return this with the condition
     */
    public Filter status(int status) {
        return with("status", Integer.toString(status));
    }

    /**
     * Those whose reply had one of several statuses, or that had no reply.
     *
     * @param status such as {@code 4xx} or {@code none}
     * @return this with the condition
     */
    public Filter status(String status) {
        return with("status", status);
    }

    /**
     * Those with a method.
     *
     * @param method such as {@code PUT}
     * @return this with the condition
     */
    public Filter method(String method) {
        return with("method", method);
    }

    /**
     * Those of a version.
     *
     * @param version {@code v1}, {@code v2} or {@code token}
     * @return this with the condition
     */
    public Filter version(String version) {
        return with("v", version);
    }

    /**
     * Those of a client.
     *
     * @param client its address
     * @return this with the condition
     */
    public Filter client(String client) {
        return with("client", client);
    }

    /**
     * How long {@link Imds#waitFor(String, Filter)} waits: 30 seconds unless it is said.
     *
     * @param timeout the longest wait
     * @return this with the time
     */
    public Filter timeout(Duration timeout) {
        return new Filter(conditions, timeout);
    }

    Duration timeout() {
        return timeout;
    }

    Map<String, String> query() {
        return new LinkedHashMap<>(conditions);
    }

    /** The conditions but the path, for the message of a wait that failed. */
    String besidesPath() {
        return conditions.entrySet().stream().filter(condition -> !condition.getKey().equals("path"))
            .map(condition -> ", " + condition.getKey() + "=" + condition.getValue()).collect(Collectors.joining());
    }

    private Filter with(String name, String value) {
        Map<String, String> more = query();
        more.put(name, value);
        return new Filter(more, timeout);
    }
}
