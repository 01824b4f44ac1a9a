package mockimds;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/** Scenarios as tests write them: maps, TOML, files, and names of the library. */
final class Toml {
    private Toml() {
    }

    /** The name of one of the library, or the absolute path of a file; null for TOML. */
    static String scenarioName(String scenario) {
        if (scenario.matches("[a-z0-9-]+")) {
            return scenario;
        }
        boolean isFile = scenario.endsWith(".toml") && !scenario.contains("\n");
        return isFile ? Path.of(scenario).toAbsolutePath().toString() : null;
    }

    /** A scenario as TOML. */
    static String of(Map<String, ?> scenario) {
        return scenario.entrySet().stream().map(entry -> member(entry) + "\n").collect(Collectors.joining());
    }

    /** A duration as the server reads it. */
    static String duration(Duration span) {
        return span.toMillis() + "ms";
    }

    private static String member(Map.Entry<?, ?> entry) {
        return text(entry.getKey().toString()) + " = " + value(entry.getValue());
    }

    private static String value(Object value) {
        if (value instanceof Boolean || value instanceof Number) {
            return value.toString();
        }
        if (value instanceof CharSequence || value instanceof Path || value instanceof Instant || value instanceof OffsetDateTime) {
            return text(value.toString());
        }
        if (value instanceof Duration span) {
            return text(duration(span));
        }
        if (value instanceof Collection<?> list) {
            return list.stream().map(Toml::value).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Map<?, ?> table) {
            return table.entrySet().stream().map(Toml::member).collect(Collectors.joining(", ", "{", "}"));
        }
        String accepted = "String, Boolean, Number, Map, Collection, Path, Instant, OffsetDateTime, Duration";
        String found = value == null ? "null" : value.getClass().getName();
        throw new IllegalArgumentException("a scenario cannot hold " + found + "; accepted: " + accepted);
    }

    /** TOML's basic strings have JSON's escapes; DEL must be escaped. */
    private static String text(String value) {
        return Json.write(value).replace("\u007f", "\\u007f");
    }
}
