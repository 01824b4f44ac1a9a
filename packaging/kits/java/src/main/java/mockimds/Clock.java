package mockimds;

import java.time.Duration;
import java.util.Map;

/** The scenario's clock: events happen by it. */
public final class Clock {
    private final Control control;

    Clock(Control control) {
        this.control = control;
    }

    /**
     * Moves it.
     *
     * @param to {@code 1m30s} since the load, or by {@code +30s} or {@code -30s}
     * @return the server's answer; {@code happened} lists the events
     */
    public Map<String, Object> seek(String to) {
        return control.order("/v1/clock", Map.of("seek", to));
    }

    /**
     * Moves it forward.
     *
     * @param by how far
     * @return the server's answer; {@code happened} lists the events
     */
    public Map<String, Object> advance(Duration by) {
        return seek("+" + Toml.duration(by));
    }

    /** Stops it. */
    public void pause() {
        control.order("/v1/clock", Map.of("pause", true));
    }

    /** Lets it go on. */
    public void resume() {
        control.order("/v1/clock", Map.of("resume", true));
    }
}
