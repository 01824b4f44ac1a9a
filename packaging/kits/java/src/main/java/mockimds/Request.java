package mockimds;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A request that a client sent.
 *
 * @param number the server's number of it, from 1 on
 * @param at when it came
 * @param client the client's address
 * @param method the method
 * @param path the path, without the query
 * @param version {@code v1}, {@code v2}, or {@code token} for one that asks for a token
 * @param status the status of the reply; 0 if there was none
 */
public record Request(long number, Instant at, String client, String method, String path, String version, int status) {
    /** As many of the last requests are shown. */
    private static final int SHOWN = 20;

    /** Among the entries may be the number of those that were overwritten. */
    static List<Request> all(Object entries) {
        return Json.objects(entries).stream().filter(entry -> entry.containsKey("number")).map(Request::of).toList();
    }

    private static Request of(Map<String, Object> entry) {
        Object status = entry.get("status");
        return new Request(
            ((Number) entry.get("number")).longValue(),
            Instant.parse((String) entry.get("at")),
            (String) entry.get("client"),
            (String) entry.get("method"),
            (String) entry.get("path"),
            (String) entry.get("version"),
            status == null ? 0 : ((Number) status).intValue());
    }

    static String shown(List<Request> requests) {
        if (requests.isEmpty()) {
            return " none";
        }
        List<Request> last = requests.subList(Math.max(0, requests.size() - SHOWN), requests.size());
        return last.stream().map(request -> "\n  " + request).collect(Collectors.joining());
    }

    @Override
    public String toString() {
        return "%s %s %s (%s)".formatted(method, path, status == 0 ? "no reply" : Integer.toString(status), version);
    }
}
