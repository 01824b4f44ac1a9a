import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mockimds.Fault;
import mockimds.Filter;
import mockimds.Imds;
import mockimds.ImdsException;
import mockimds.NoRequestError;
import mockimds.RejectedException;
import mockimds.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A spot instance's program, as its author would test it. */
class SpotTest {
    private static final String NOTICE = "meta-data/spot/instance-action";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @RegisterExtension
    Imds imds = Imds.builder().scenario(Map.of(
        "instance", Map.of("life-cycle", "spot", "tags", Map.of("Name", "a \"quoted\" one")),
        "metadata-options", Map.of("instance-metadata-tags", "enabled"))).build();

    /** What the author's program asks with: HTTP, as documented for IMDSv2. */
    static HttpResponse<String> metadata(String service, String path) throws IOException, InterruptedException {
        URI tokens = URI.create(service + "/latest/api/token");
        HttpRequest put = HttpRequest.newBuilder(tokens).PUT(BodyPublishers.noBody()).header("X-aws-ec2-metadata-token-ttl-seconds", "60").build();
        String token = CLIENT.send(put, BodyHandlers.ofString()).body();
        URI uri = URI.create(service + "/latest/" + path);
        return CLIENT.send(HttpRequest.newBuilder(uri).header("X-aws-ec2-metadata-token", token).build(), BodyHandlers.ofString());
    }

    /** The program under test: it stops when its instance is to be interrupted. */
    static final class Worker {
        boolean stopped;

        void poll() throws IOException, InterruptedException {
            HttpResponse<String> reply = metadata(System.getProperty("aws.ec2MetadataServiceEndpoint"), NOTICE);
            stopped = reply.statusCode() == 200 && reply.body().contains("\"terminate\"");
        }
    }

    @Test
    void theWorkerStopsAtANotice() throws Exception {
        Worker worker = new Worker();
        worker.poll();
        assertFalse(worker.stopped);
        assertEquals(404, imds.waitFor(NOTICE).status());
        imds.spot();
        worker.poll();
        assertTrue(worker.stopped);
        assertEquals("v2", imds.waitFor(NOTICE, Filter.ALL.status(200)).version());
    }

    @Test
    void aLaterNoticeComesWithTheClock() {
        imds.spotIn(Duration.ofMinutes(10));
        assertEquals(Optional.empty(), imds.show(NOTICE));
        assertEquals(1, ((List<?>) imds.clock().advance(Duration.ofMinutes(10)).get("happened")).size());
        assertTrue(imds.show(NOTICE).orElseThrow().contains("terminate"));
        imds.clock().pause();
        assertTrue(((Map<?, ?>) imds.status().get("clock")).containsKey("paused"));
        imds.clock().resume();
        assertFalse(((Map<?, ?>) imds.status().get("clock")).containsKey("paused"));
    }

    @Test
    void scenariosAreMapsFilesTomlAndNames(@TempDir Path directory) throws Exception {
        assertEquals("a \"quoted\" one", imds.show("meta-data/tags/instance/Name").orElseThrow());
        Path file = Files.writeString(directory.resolve("mine.toml"), "[instance]\nuser-data = { file = 'boot.sh' }\n");
        Files.writeString(directory.resolve("boot.sh"), "#!/bin/sh\n");
        try (Imds other = Imds.start(file.toString())) {
            assertEquals(Optional.of("#!/bin/sh\n"), other.show("user-data"));
        }
        imds.use("[instance]\ninstance-type = \"t3.micro\"\n");
        assertEquals(Optional.of("t3.micro"), imds.show("meta-data/instance-type"));
        imds.use(Map.of("instance", Map.of("instance-type", "t3.nano")));
        assertEquals(Optional.of("t3.nano"), imds.show("meta-data/instance-type"));
        imds.use("govcloud");
        assertTrue(imds.show("meta-data/placement/region").orElseThrow().startsWith("us-gov-"));
        imds.use(file.toString());
        assertEquals(Optional.of("#!/bin/sh\n"), imds.show("user-data"));
        imds.reload();
        assertEquals(Optional.of("spot"), imds.show("meta-data/instance-life-cycle"));
    }

    @Test
    void aFaultIsMetAndRemoved() throws Exception {
        Fault fault = imds.fault(Map.of("path", "meta-data/instance-id", "status", 503, "for", Duration.ofMinutes(1)));
        assertEquals(503, metadata(imds.url(), "meta-data/instance-id").statusCode());
        assertEquals(1, fault.hits());
        fault.remove();
        assertEquals("there is no fault \"" + fault.name() + "\" any more", assertThrows(ImdsException.class, fault::hits).getMessage());
        assertEquals(imds.instanceId(), metadata(imds.url(), "meta-data/instance-id").body());
        List<Request> came = imds.requests(Filter.ALL.path("meta-data/instance-id"));
        assertEquals(List.of(503, 200), came.stream().map(Request::status).toList());
        try (Fault shorter = imds.fault(Map.of("status", 503))) {
            assertEquals(0, shorter.hits());
            imds.clear();
        }
    }

    @Test
    void valuesAreOverridden() {
        imds.set("meta-data/tags/instance/a b+c", "f\u00fcnf \u2713 \"\\\n");
        assertEquals(Optional.of("f\u00fcnf \u2713 \"\\\n"), imds.show("meta-data/tags/instance/a b+c"));
        assertEquals(Optional.empty(), imds.show("meta-data/tags/instance/a b c"));
        imds.remove("meta-data/ami-id");
        assertEquals(Optional.empty(), imds.show("meta-data/ami-id"));
        imds.unset("meta-data/ami-id");
        assertTrue(imds.show("meta-data/ami-id").isPresent());
        imds.rebalance();
        imds.lifecycle("Terminated");
        assertEquals(Optional.of("Terminated"), imds.show("meta-data/autoscaling/target-lifecycle-state"));
        assertEquals(List.of(), imds.requests(Filter.ALL.path("meta-data/**")), "what is shown leaves no request");
    }

    @Test
    void mistakesSayWhatIsAccepted() {
        RejectedException rejected = assertThrows(RejectedException.class, () -> imds.spot("explode"));
        assertTrue(rejected.getMessage().contains("accepted: \"terminate\", \"stop\", \"hibernate\""), rejected.getMessage());
        assertEquals("error", rejected.problems().get(0).get("severity"));
        Filter soon = Filter.ALL.status(200).timeout(Duration.ofMillis(100));
        assertEquals("no request for meta-data/ami-id, status=200 within 100 ms; 0 came, the last ones: none",
            assertThrows(NoRequestError.class, () -> imds.waitFor("meta-data/ami-id", soon)).getMessage());
        String sentence = assertThrows(ImdsException.class, () -> imds.clock().seek("soon")).getMessage();
        assertTrue(sentence.contains("accepted: a duration"), sentence);
        String log = assertThrows(ImdsException.class, () -> Imds.start("[instance]\ninstance-type = \"c7g large\"\n")).getMessage();
        assertTrue(log.contains("instance.instance-type is \"c7g large\""), log);
        String values = assertThrows(IllegalArgumentException.class, () -> Imds.builder().scenario(Map.of("instance", this))).getMessage();
        assertTrue(values.startsWith("a scenario cannot hold SpotTest; accepted: String"), values);
        Imds idle = Imds.builder().build();
        assertTrue(assertThrows(IllegalStateException.class, idle::url).getMessage().contains("@RegisterExtension"));
    }

    @Test
    void aServerThatHangsEndsAWaitInTime() throws Exception {
        long begun = System.nanoTime();
        signal("-STOP");
        Filter soon = Filter.ALL.timeout(Duration.ofMillis(100));
        String sentence = assertThrows(ImdsException.class, () -> imds.waitFor("meta-data/ami-id", soon)).getMessage();
        signal("-CONT");
        assertTrue(sentence.contains("nothing came within 5"), sentence);
        long seconds = Duration.ofNanos(System.nanoTime() - begun).toSeconds();
        assertTrue(seconds < 30, "the wait lasted " + seconds + " s");
    }

    /** More than the socket takes while nobody reads. */
    @Test
    @Timeout(60)
    void aServerThatHangsEndsARequestInTime() throws Exception {
        signal("-STOP");
        Filter soon = Filter.ALL.timeout(Duration.ofMillis(100));
        String path = "meta-data/" + "x".repeat(4 << 20);
        try {
            String sentence = assertThrows(ImdsException.class, () -> imds.waitFor(path, soon)).getMessage();
            assertTrue(sentence.contains("the request was not taken within 5"), () -> sentence.substring(0, Math.min(300, sentence.length())));
        } finally {
            signal("-CONT");
        }
    }

    private void signal(String name) throws Exception {
        new ProcessBuilder("kill", name, Long.toString(imds.pid())).start().waitFor();
    }

    @Test
    void propertiesAreGivenBack() {
        System.setProperty("aws.profile", "work");
        Map<Object, Object> before = Map.copyOf(System.getProperties());
        try (Imds other = Imds.start("")) {
            Runnable restore = other.setSystemProperties();
            assertNull(System.getProperty("aws.profile"));
            assertEquals(other.url(), System.getProperty("aws.ec2MetadataServiceEndpoint"));
            restore.run();
        }
        assertEquals(before, Map.copyOf(System.getProperties()));
        System.clearProperty("aws.profile");
    }

    @Test
    void anInterruptedThreadWaitsForNothing() {
        Imds other = Imds.start("");
        ProcessHandle server = ProcessHandle.of(other.pid()).orElseThrow();
        Thread.currentThread().interrupt();
        assertThrows(ImdsException.class, () -> other.waitFor("meta-data/ami-id"));
        assertTrue(Thread.currentThread().isInterrupted(), "who interrupts is not forgotten");
        other.close();
        assertTrue(Thread.interrupted(), "who interrupts is not forgotten");
        assertFalse(server.isAlive());
        assertThrows(IllegalStateException.class, other::url);
    }

    @Test
    void keysInTheEnvironmentAreSaidToBeInTheWay() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder run = new ProcessBuilder(java, "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"), "-cp",
            System.getProperty("java.class.path"), "InTheWay").redirectErrorStream(true);
        run.environment().put("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE");
        String said = new String(run.start().getInputStream().readAllBytes());
        assertTrue(said.contains("its environment has [AWS_ACCESS_KEY_ID]: unset this for the test run"), said);
        run.environment().remove("AWS_ACCESS_KEY_ID");
        assertEquals("", new String(run.start().getInputStream().readAllBytes()));
    }

    /** Version 1 finds them by user.home, and by no other property. */
    @Test
    void profilesOfVersion1AreSaidToBeInTheWay(@TempDir Path home) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder run = new ProcessBuilder(java, "-Duser.home=" + home, "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"), "-cp",
            System.getProperty("java.class.path"), "InTheWay").redirectErrorStream(true);
        run.environment().remove("AWS_CREDENTIAL_PROFILES_FILE");
        assertEquals("", new String(run.start().getInputStream().readAllBytes()));
        for (String name : List.of("config", "credentials")) {
            Path file = Files.createDirectories(home.resolve(".aws")).resolve(name);
            Files.writeString(file, "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n");
            String said = new String(run.start().getInputStream().readAllBytes());
            assertTrue(said.contains("they go by the profiles in " + file + ", if it has keys: set AWS_CREDENTIAL_PROFILES_FILE=/dev/null"), said);
        }
        run.environment().put("AWS_CREDENTIAL_PROFILES_FILE", "/dev/null");
        assertEquals("", new String(run.start().getInputStream().readAllBytes()));
    }

    @Test
    void aProgramIsLedToIt() throws Exception {
        String script = "echo \"$AWS_EC2_METADATA_SERVICE_ENDPOINT ${AWS_PROFILE-none} $AWS_CREDENTIAL_PROFILES_FILE $NO_PROXY $no_proxy\"";
        ProcessBuilder program = new ProcessBuilder("sh", "-c", script);
        program.environment().putAll(Map.of("AWS_PROFILE", "work", "NO_PROXY", "localhost", "no_proxy", "*"));
        String said = new String(imds.lead(program).start().getInputStream().readAllBytes());
        assertEquals(imds.url() + " none /dev/null localhost,127.0.0.1 *\n", said);
    }
}
