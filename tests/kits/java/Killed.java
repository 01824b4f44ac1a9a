import mockimds.Imds;

/** A test run that is killed: prints the process id of its server first. */
final class Killed {
    private Killed() {
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println(Imds.start("").pid());
        System.out.flush();
        new ProcessBuilder("kill", "-KILL", Long.toString(ProcessHandle.current().pid())).start().waitFor();
    }
}
