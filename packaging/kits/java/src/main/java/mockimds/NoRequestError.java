package mockimds;

/** No such request came in time: the test fails. The message has the requests that came. */
public final class NoRequestError extends AssertionError {
    private static final long serialVersionUID = 1;

    NoRequestError(String message) {
        super(message);
    }
}
