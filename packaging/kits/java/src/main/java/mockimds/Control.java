package mockimds;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** HTTP over the control socket: one connection for each request, which the server closes. */
final class Control {
    /** Longer than the server takes for any order. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);

    private final Path socket;

    Control(Path socket) {
        this.socket = socket;
    }

    /** What is answered, and where the journal of requests goes on after it. */
    record Answer(Object body, String position) {
    }

    Map<String, Object> order(String route, Map<String, ?> body) {
        return Json.object(ask("POST", route, body).body());
    }

    Answer ask(String method, String route, Object body) {
        return ask(method, route, Map.of(), body, TIMEOUT);
    }

    Answer get(String route, Map<String, String> query, Duration timeout) {
        return ask("GET", route, query, null, timeout);
    }

    private Answer ask(String method, String route, Map<String, String> query, Object body, Duration timeout) {
        String received;
        try {
            received = exchange(request(method, route, query, body), timeout);
        } catch (IOException error) {
            String why = error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
            throw new ImdsException("no server answers at " + socket + ": " + why, error);
        }
        int end = received.indexOf("\r\n\r\n");
        String[] lines = received.substring(0, Math.max(end, 0)).split("\r\n");
        if (end < 0 || !lines[0].matches("HTTP/1\\.1 \\d{3} .*")) {
            throw new ImdsException("expected HTTP from " + socket + ", found \"" + received + "\"");
        }
        int status = Integer.parseInt(lines[0].substring(9, 12));
        return judged(status, Json.read(received.substring(end + 4)), header(lines, "journal-position"));
    }

    private static Answer judged(int status, Object body, String position) {
        if (status == 200) {
            return new Answer(body, position);
        }
        Map<String, Object> said = Json.object(body);
        if (status == 422) {
            String report = String.valueOf(said.getOrDefault("report", ""));
            String text = report.isEmpty() ? String.valueOf(said.get("message")) : report;
            throw new RejectedException(text, Json.objects(said.get("problems")));
        }
        throw new ImdsException(String.valueOf(said.getOrDefault("error", "the server answered " + status)));
    }

    private static String header(String[] lines, String name) {
        for (String line : lines) {
            if (line.toLowerCase(Locale.ROOT).startsWith(name + ":")) {
                return line.substring(name.length() + 1).trim();
            }
        }
        return "";
    }

    private static byte[] request(String method, String route, Map<String, String> query, Object body) {
        // A plus stands for itself there, not for a space.
        String asked = query.entrySet().stream()
            .map(pair -> pair.getKey() + "=" + URLEncoder.encode(pair.getValue(), StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("&"));
        byte[] content = body == null ? new byte[0] : Json.write(body).getBytes(StandardCharsets.UTF_8);
        String head = method + " " + route + (asked.isEmpty() ? "" : "?" + asked)
            + " HTTP/1.1\r\nHost: mock-imds\r\nConnection: close\r\nContent-Length: " + content.length + "\r\n\r\n";
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        whole.writeBytes(content);
        return whole.toByteArray();
    }

    /** A blocking channel waits without end; this one looks whether it can go on, and no longer than it may. */
    private String exchange(byte[] request, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        try (Selector selector = Selector.open(); SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_WRITE);
            ByteBuffer toSend = ByteBuffer.wrap(request);
            while (toSend.hasRemaining()) {
                if (channel.write(toSend) == 0) {
                    await(selector, deadline, "the request was not taken within " + timeout.toMillis() + " ms");
                }
            }
            key.interestOps(SelectionKey.OP_READ);
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            ByteBuffer some = ByteBuffer.allocate(65_536);
            while (true) {
                int count = channel.read(some);
                if (count < 0) {
                    return received.toString(StandardCharsets.UTF_8);
                }
                received.write(some.array(), 0, count);
                some.clear();
                if (count == 0) {
                    await(selector, deadline, "nothing came within " + timeout.toMillis() + " ms");
                }
            }
        }
    }

    /** Until the channel can go on; with an error once it is too late. */
    private static void await(Selector selector, long deadline, String tooLate) throws IOException {
        long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        if (left <= 0) {
            throw new IOException(tooLate);
        }
        selector.select(left);
        selector.selectedKeys().clear();
        if (Thread.currentThread().isInterrupted()) {
            throw new IOException("the thread was interrupted");
        }
    }
}
