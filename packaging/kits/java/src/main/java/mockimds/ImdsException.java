package mockimds;

/** The server did not start, cannot be asked, or did not understand: the message is its sentence. */
public class ImdsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ImdsException(String message) {
        super(message);
    }

    ImdsException(String message, Throwable cause) {
        super(message, cause);
    }
}
