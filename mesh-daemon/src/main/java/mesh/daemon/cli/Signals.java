package mesh.daemon.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import mesh.daemon.log.Log;

/**
 * Runs an action on a signal instead of ending the JVM at once. The JDK's own type for it is unsupported API that the
 * compiler refuses under our warnings, so it is reached by name; where it is missing, the JVM's default stays.
 */
final class Signals {
    private static final Log log = Log.of(Signals.class);

    private Signals() {}

    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object onSignal = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), onSignal);
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | InstantiationException
                | IllegalAccessException
                | InvocationTargetException unavailable) {
            log.debug("signal.unhandled", "signal", name);
        }
    }
}
