package mesh.daemon.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Chooses ports on 127.0.0.1 for children, outside the range from which the system takes ports for outgoing connections:
 * any such connection could hold a chosen number by chance. A port is free when looked at and may be lost before the
 * child binds it, so callers try again. Safe on any thread; the lock guards the numbers handed out and not yet returned.
 */
public final class LoopbackPorts {
    private static final Path EPHEMERAL = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

    /** Linux' default, taken where the system does not say. */
    private static final int EPHEMERAL_LOW = 32_768;

    /** Wide enough that two daemons rarely meet, and clear of the numbers people choose by hand. */
    private static final int SPAN = 12_000;

    private static final int UNPRIVILEGED = 1024;
    private static final int TRIES_MAX = 200;

    private final SecureRandom chance = new SecureRandom();
    private final Set<Integer> lent = new LinkedHashSet<>();
    private final int low;
    private final int high;

    public LoopbackPorts() {
        this(ephemeralLow());
    }

    LoopbackPorts(int ephemeralLow) {
        // A system that lends nearly every port leaves no room below; then chance and a second try must do.
        this.high = ephemeralLow > UNPRIVILEGED + 1000 ? ephemeralLow : EPHEMERAL_LOW;
        this.low = Math.max(UNPRIVILEGED, high - SPAN);
    }

    /** A port nobody listens on now, kept from other callers until {@link #giveBack}. */
    public synchronized int borrow() throws IOException {
        for (int i = 0; i < TRIES_MAX; i++) {
            int port = low + chance.nextInt(high - low);
            if (lent.contains(port) || !isFree(port)) continue;
            lent.add(port);
            return port;
        }
        throw new IOException("no free port on 127.0.0.1 low=" + low + " high=" + high);
    }

    public synchronized void giveBack(int port) {
        lent.remove(port);
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(false);
            probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    private static int ephemeralLow() {
        try {
            return Integer.parseInt(Files.readString(EPHEMERAL).strip().split("\\s+")[0]);
        } catch (IOException | NumberFormatException unknown) {
            return EPHEMERAL_LOW;
        }
    }
}
