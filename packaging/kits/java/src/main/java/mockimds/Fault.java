package mockimds;

import java.util.List;
import java.util.Map;

/** A fault that was injected. In a {@code try} with resources it is removed at the end. */
public final class Fault implements AutoCloseable {
    private final Control control;
    private final String name;

    Fault(Control control, String name) {
        this.control = control;
        this.name = name;
    }

    /**
     * Its name.
     *
     * @return the name, by which the server knows it
     */
    public String name() {
        return name;
    }

    /**
     * How many requests it had an effect on.
     *
     * @return the number of requests
     * @throws ImdsException if it has been removed: then nobody knows
     */
    public long hits() {
        return Json.objects(control.ask("GET", "/v1/faults", null).body()).stream()
            .filter(fault -> name.equals(fault.get("name"))).findFirst()
            .map(fault -> ((Number) fault.get("hits")).longValue())
            .orElseThrow(() -> new ImdsException("there is no fault \"" + name + "\" any more"));
    }

    /** Removes it. */
    public void remove() {
        control.order("/v1/faults/remove", Map.of("names", List.of(name)));
    }

    /** Removes it, unless something else has done so. */
    @Override
    public void close() {
        try {
            remove();
        } catch (RejectedException gone) {
            // It is not there: that is all that was asked for.
            return;
        }
    }
}
