import mockimds.Imds;

/** A test run in whose environment there are keys: it says that they go before those of the instance. */
final class InTheWay {
    private InTheWay() {
    }

    public static void main(String[] arguments) {
        try (Imds imds = Imds.start("")) {
            imds.setSystemProperties().run();
        }
    }
}
