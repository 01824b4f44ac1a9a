package mockimds;

import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives tests a service by a parameter: {@code @ExtendWith(ImdsExtension.class)}, and {@code @Test void test(Imds imds)}. Each test
 * has one of its own; a parameter of {@code @BeforeAll} or of the constructor makes one for the whole class. {@link ImdsScenario}
 * names its scenario.
 */
public final class ImdsExtension implements ParameterResolver, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(ImdsExtension.class);

    /** Made by JUnit. */
    public ImdsExtension() {
    }

    /** The service, which ends with the test or class that has it. */
    private record Running(Imds imds) implements CloseableResource {
        @Override
        public void close() {
            imds.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Imds.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE).getOrComputeIfAbsent(Running.class, key -> run(context), Running.class).imds();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Running running = context.getStore(NAMESPACE).get(Running.class, Running.class);
        if (running != null) {
            running.imds().explain(context);
        }
    }

    private static Running run(ExtensionContext context) {
        Imds imds = Imds.builder().scenario(scenario(context)).build();
        imds.beginWith(context);
        return new Running(imds);
    }

    /** The method's, else that of the class or of a class around it. */
    private static String scenario(ExtensionContext context) {
        for (Optional<ExtensionContext> one = Optional.of(context); one.isPresent(); one = one.get().getParent()) {
            Optional<ImdsScenario> found = AnnotationSupport.findAnnotation(one.get().getElement(), ImdsScenario.class);
            if (found.isPresent()) {
                return found.get().value();
            }
        }
        return "";
    }
}
