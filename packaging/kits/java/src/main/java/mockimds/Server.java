package mockimds;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A server as a child process, which never outlives this one: its standard input ends with it. */
final class Server {
    /** Seconds: a loaded machine may take its time. */
    private static final long START = 30;
    /** Seconds: requests that are being answered may finish so long. */
    private static final long END = 1;
    /** A socket's path has 107 bytes at most, and more than one is made beside it. */
    private static final int LONGEST_DIRECTORY = 70;

    /** What a service manager, or the user, sets for another server. */
    private static final List<String> NOT_OURS = List.of(
        "CONFIGURATION_DIRECTORY",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
        "LISTEN_PID",
        "MOCK_IMDS_NODE",
        "MOCK_IMDS_NODE_ADDRESSES",
        "NOTIFY_SOCKET",
        "RUNTIME_DIRECTORY",
        "STATE_DIRECTORY",
        "WATCHDOG_PID",
        "WATCHDOG_USEC");

    private final Path directory;
    private final Process process;
    /** The line that it printed. */
    private final Map<String, Object> ready;

    /** Starts one. A scenario is a name of the library, a path that ends in .toml, or TOML. */
    static Server start(String scenario, List<String> arguments) {
        Path usual = Path.of(System.getProperty("java.io.tmpdir"));
        boolean isShort = usual.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_DIRECTORY;
        try {
            Path directory = Files.createTempDirectory(isShort ? usual.toAbsolutePath() : Path.of("/tmp"), "mock-imds-");
            return new Server(directory, scenario, arguments);
        } catch (IOException error) {
            throw new ImdsException("no directory can be made for the server: " + error, error);
        }
    }

    private Server(Path directory, String scenario, List<String> arguments) {
        this.directory = directory;
        String named = System.getenv("MOCK_IMDS_PROGRAM");
        String program = named == null || named.isEmpty() ? "mock-imds" : named;
        try {
            process = spawn(program, scenario, arguments);
        } catch (IOException error) {
            removeDirectory();
            throw new ImdsException(error.getMessage() + "; install mock-imds, or name the program with MOCK_IMDS_PROGRAM", error);
        }
        try {
            ready = readReady();
        } catch (RuntimeException error) {
            stop();
            throw error;
        }
    }

    private Process spawn(String program, String scenario, List<String> arguments) throws IOException {
        String argument = Toml.scenarioName(scenario);
        if (argument == null) {
            argument = Files.writeString(directory.resolve("scenario.toml"), scenario).toString();
        }
        List<String> command = new ArrayList<>(List.of(program, "serve", "--listen", "127.0.0.1:0", "--ready-json"));
        command.add("--until-stdin-closes");
        command.addAll(List.of("--control", directory.resolve("c.sock").toString(), "--scenario", argument));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(directory.resolve("log").toFile());
        builder.environment().keySet().removeAll(NOT_OURS);
        return builder.start();
    }

    private Map<String, Object> readReady() {
        BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        CompletableFuture<String> read = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try {
                read.complete(output.readLine());
            } catch (IOException error) {
                read.completeExceptionally(error);
            }
        }, "mock-imds");
        reader.setDaemon(true);
        reader.start();
        String line;
        try {
            line = read.get(START, TimeUnit.SECONDS);
        } catch (TimeoutException error) {
            throw new ImdsException("mock-imds was not ready after " + START + " s; its log: " + log().trim(), error);
        } catch (ExecutionException error) {
            throw new ImdsException("mock-imds cannot be read: " + error.getCause() + "; its log: " + log().trim(), error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new ImdsException("the thread was interrupted before mock-imds was ready", error);
        }
        if (line == null) {
            process.onExit().join();
            throw new ImdsException("mock-imds ended with " + process.exitValue() + ": " + log().trim());
        }
        Map<String, Object> found = Json.object(Json.read(line));
        if (found.get("control_socket") == null) {
            throw new ImdsException("mock-imds has no control socket: " + log().trim());
        }
        return found;
    }

    String ready(String key) {
        return String.valueOf(ready.get(key));
    }

    /** What it has written to stderr; empty once it has been stopped. */
    String log() {
        try {
            return new String(Files.readAllBytes(directory.resolve("log")), StandardCharsets.UTF_8);
        } catch (IOException gone) {
            return "";
        }
    }

    /** Ends it, and removes its files. The second signal waits for no request. An interrupted thread does not wait, either. */
    void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException ended) {
            // Its other end is gone, and so is the server.
            process.destroy();
        }
        boolean interrupted = !endsInTime();
        if (interrupted || process.isAlive()) {
            process.destroyForcibly();
        }
        process.onExit().join();
        removeDirectory();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** False if the thread was interrupted. */
    private boolean endsInTime() {
        try {
            if (!process.waitFor(END, TimeUnit.SECONDS)) {
                process.destroy();
                process.waitFor(END, TimeUnit.SECONDS);
            }
            return true;
        } catch (InterruptedException interrupted) {
            return false;
        }
    }

    private void removeDirectory() {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException gone) {
            // What cannot be listed has been removed by somebody else.
            return;
        }
    }
}
