package mockimds;

import java.util.List;
import java.util.Map;

/** A scenario, an event or a fault was rejected; nothing has changed. The message is the server's report, with lines and carets. */
public final class RejectedException extends ImdsException {
    private static final long serialVersionUID = 1;

    private final transient List<Map<String, Object>> problems;

    RejectedException(String report, List<Map<String, Object>> problems) {
        super(report);
        this.problems = problems;
    }

    /**
     * The same for programs.
     *
     * @return for each problem {@code severity}, {@code found}, {@code help}, and {@code line} and {@code column} where it has them
     */
    public List<Map<String, Object>> problems() {
        return problems;
    }
}
