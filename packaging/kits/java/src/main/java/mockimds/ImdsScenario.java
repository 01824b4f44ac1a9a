package mockimds;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The scenario of the services that {@link ImdsExtension} gives: at a test, or at a class for its tests. */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface ImdsScenario {
    /**
     * The scenario.
     *
     * @return a name of the library, a path that ends in {@code .toml}, or TOML
     */
    String value();
}
