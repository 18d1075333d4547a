package mesh.testnet.wan;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * One end of a network interface of which this process is the cable: what the kernel sends comes out of {@link #read},
 * what is written is received. The interface may be moved to another namespace; it goes when this is closed. One thread
 * reads, one writes.
 */
final class Tun implements AutoCloseable {
    private static final int O_RDWR = 2;
    private static final long TUNSETIFF = 0x400454CAL;

    /** Layer 3, without a header before each packet. */
    private static final short IFF_TUN_NO_PI = 0x1001;

    private static final int NAME_BYTES = 16;
    private static final int IFREQ_BYTES = 40;
    private static final short POLLIN = 1;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final MethodHandle OPEN =
            libc("open", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = libc(
            "ioctl", FunctionDescriptor.of(INT, INT, LONG, ValueLayout.ADDRESS), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle POLL = libc("poll", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, LONG, INT));
    private static final MethodHandle READ = libc("read", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
    private static final MethodHandle WRITE =
            libc("write", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
    private static final MethodHandle CLOSE = libc("close", FunctionDescriptor.of(INT, INT));

    private final int descriptor;

    private Tun(int descriptor) {
        this.descriptor = descriptor;
    }

    static Tun open(String name) throws IOException {
        try (var arena = Arena.ofConfined()) {
            int descriptor = (int) OPEN.invokeExact(arena.allocateFrom("/dev/net/tun"), O_RDWR);
            if (descriptor < 0) throw new IOException("no TUN device on this machine");
            MemorySegment request = arena.allocate(IFREQ_BYTES);
            request.setString(0, name);
            request.set(ValueLayout.JAVA_SHORT, NAME_BYTES, IFF_TUN_NO_PI);
            var tun = new Tun(descriptor);
            if ((int) IOCTL.invokeExact(descriptor, TUNSETIFF, request) < 0) {
                tun.close();
                throw new IOException("cannot make interface " + name);
            }
            return tun;
        } catch (IOException failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new IllegalStateException("open TUN device", impossible);
        }
    }

    /** One packet into the buffer, as long as one comes in time; answers its length, or 0. */
    int read(MemorySegment buffer, int waitMillis) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(Long.BYTES);
            polled.set(INT, 0, descriptor);
            polled.set(ValueLayout.JAVA_SHORT, Integer.BYTES, POLLIN);
            if ((int) POLL.invokeExact(polled, 1L, waitMillis) <= 0) return 0;
            return (int) Math.max(0, (long) READ.invokeExact(descriptor, buffer, buffer.byteSize()));
        } catch (Throwable impossible) {
            throw new IllegalStateException("read TUN device", impossible);
        }
    }

    /** False when the other end did not take the packet, which is lost then, as on any cable. */
    boolean write(MemorySegment packet) {
        try {
            return (long) WRITE.invokeExact(descriptor, packet, packet.byteSize()) == packet.byteSize();
        } catch (Throwable impossible) {
            throw new IllegalStateException("write TUN device", impossible);
        }
    }

    @Override
    public void close() {
        try {
            int closed = (int) CLOSE.invokeExact(descriptor);
            if (closed != 0) throw new IllegalStateException("close descriptor=" + descriptor);
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new IllegalStateException("close TUN device", impossible);
        }
    }

    @SuppressWarnings("restricted") // Reaching the kernel is what this class is for.
    private static MethodHandle libc(String name, FunctionDescriptor shape, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape, options);
    }
}
