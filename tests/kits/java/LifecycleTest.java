import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import mockimds.Filter;
import mockimds.Imds;
import mockimds.ImdsExtension;
import mockimds.ImdsScenario;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Which tests share a service, and how long it lives: classes of a user, run by JUnit within a test. */
class LifecycleTest {
    private static final String ENDPOINT = "aws.ec2MetadataServiceEndpoint";
    private static final Set<String> URLS = ConcurrentHashMap.newKeySet();

    private static TestExecutionSummary run(Class<?> tests, Map<String, String> settings) {
        URLS.clear();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests))
            .configurationParameters(settings).build();
        LauncherFactory.create().execute(request, listener);
        return listener.getSummary();
    }

    private static void passes(Class<?> tests, int count, int servers, Map<String, String> settings) {
        TestExecutionSummary summary = run(tests, settings);
        summary.getFailures().forEach(failure -> failure.getException().printStackTrace());
        assertEquals(0, summary.getTotalFailureCount(), () -> summary.getFailures().get(0).getException().toString());
        assertEquals(count, summary.getTestsSucceededCount());
        assertEquals(servers, URLS.size(), "servers that the tests met");
        assertNull(System.getProperty(ENDPOINT), "afterwards the properties are as they were");
    }

    static final class OfClass {
        @RegisterExtension
        static final Imds IMDS = Imds.builder().scenario("spot-idle").build();

        @BeforeAll
        static void itRuns() {
            URLS.add(IMDS.url());
        }

        @RepeatedTest(3)
        void itIsTheSame() {
            URLS.add(System.getProperty(ENDPOINT));
        }

        @Nested
        class Inner {
            @Test
            void here(Imds given) {
                assertEquals(IMDS, given);
                URLS.add(given.url());
            }
        }

        @AfterAll
        static void itStillRuns() {
            assertEquals(Optional.of("spot"), IMDS.show("meta-data/instance-life-cycle"));
        }
    }

    @Test
    void aStaticFieldIsOneServiceForTheClass() {
        passes(OfClass.class, 4, 1, Map.of());
    }

    static final class Started {
        private static final Set<Long> PIDS = ConcurrentHashMap.newKeySet();

        @RegisterExtension
        Imds imds = Imds.start("spot-idle");

        Started() {
            PIDS.add(imds.pid());
        }

        @RepeatedTest(2)
        void itIsTheOneThatWasStarted() {
            URLS.add(imds.url());
            assertTrue(PIDS.contains(imds.pid()), "the field's own server");
            assertEquals(imds.url(), System.getProperty(ENDPOINT));
        }
    }

    @Test
    void aServiceThatWasStartedIsKeptAndEnds() {
        Started.PIDS.clear();
        try {
            passes(Started.class, 2, 2, Map.of());
            assertEquals(2, Started.PIDS.size());
            Started.PIDS.forEach(pid -> assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false), "a server is left"));
        } finally {
            Started.PIDS.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy));
        }
    }

    @ExtendWith(ImdsExtension.class)
    @ImdsScenario("spot-idle")
    static final class ByParameter {
        @Test
        void ofItsClass(Imds imds) {
            assertEquals(imds.url(), System.getProperty(ENDPOINT));
            URLS.add(imds.url());
            assertEquals(Optional.of("spot"), imds.show("meta-data/instance-life-cycle"));
        }

        @Test
        @ImdsScenario("[instance]\ninstance-type = \"t3.nano\"\n")
        void ofItsOwn(Imds imds) {
            URLS.add(imds.url());
            assertEquals(Optional.of("t3.nano"), imds.show("meta-data/instance-type"));
        }

        @Test
        void without() {
            assertNull(System.getProperty(ENDPOINT));
        }
    }

    @Test
    void parametersAreServicesOfTheirOwn() {
        passes(ByParameter.class, 3, 2, Map.of());
    }

    @Execution(ExecutionMode.CONCURRENT)
    static final class Parallel {
        private static final Set<String> RUNNING = new HashSet<>();

        @RegisterExtension
        Imds imds = Imds.builder().build();

        @RepeatedTest(20)
        void eachHasItsOwn(RepetitionInfo repetition) throws Exception {
            URLS.add(imds.url());
            assertNull(System.getProperty(ENDPOINT), "parallel tests share the properties");
            meetTheOthers();
            String id = "ami-%017x".formatted(repetition.getCurrentRepetition());
            imds.set("meta-data/ami-id", id);
            assertEquals(id, SpotTest.metadata(imds.url(), "meta-data/ami-id").body());
            assertEquals(1, imds.requests(Filter.ALL.path("meta-data/**")).size(), () -> "of " + imds.requests());
        }

        /** They are at once: none goes on before all have a service. */
        private void meetTheOthers() throws InterruptedException {
            synchronized (RUNNING) {
                RUNNING.add(imds.url());
                RUNNING.notifyAll();
                while (RUNNING.size() < 20) {
                    RUNNING.wait(60_000);
                }
            }
        }
    }

    @Test
    void twentyAtOnce() {
        String parallel = "junit.jupiter.execution.parallel.";
        passes(Parallel.class, 20, 20, Map.of(parallel + "enabled", "true", parallel + "config.strategy", "fixed",
            parallel + "config.fixed.parallelism", "20"));
    }

    static final class Failing {
        @RegisterExtension
        Imds imds = Imds.builder().build();

        @Test
        void fails() throws Exception {
            imds.spot();
            SpotTest.metadata(imds.url(), "meta-data/spot/instance-action");
            assertNotEquals("it fails", "it fails");
        }
    }

    @Test
    void aFailedTestShowsTheRequests() {
        TestExecutionSummary summary = run(Failing.class, Map.of());
        assertEquals(1, summary.getTotalFailureCount());
        Throwable[] suppressed = summary.getFailures().get(0).getException().getSuppressed();
        assertEquals(1, suppressed.length);
        String shown = suppressed[0].toString();
        assertTrue(shown.startsWith("of mock-imds: "), shown);
        assertTrue(shown.contains(" came, the last ones:\n  PUT /latest/api/token 200 (token)\n  GET /latest/meta-data/spot/"), shown);
        assertTrue(shown.contains("\nits log: ") && shown.contains("spot interruption: terminate at"), shown);
    }
}
