package mesh.testnet.churn;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * What native code in this process has asked the C library for and not given back: quiche's and BoringSSL's connections
 * and contexts, and the JVM's own. To the byte, where resident memory knows only pages that were touched once. glibc only.
 */
final class Malloc {
    /** glibc's mallinfo2: ten sizes, of which two say what is in use. */
    private static final MemoryLayout SIZES = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG).withName("sizes"));

    private static final long MAPPED_AT = 4;
    private static final long IN_USE_AT = 7;

    private static final MethodHandle MALLINFO = mallinfo();

    private Malloc() {}

    static long bytesInUse() {
        try (var arena = Arena.ofConfined()) {
            var sizes = (MemorySegment) MALLINFO.invokeExact((SegmentAllocator) arena);
            return sizes.getAtIndex(ValueLayout.JAVA_LONG, MAPPED_AT)
                    + sizes.getAtIndex(ValueLayout.JAVA_LONG, IN_USE_AT);
        } catch (Throwable impossible) {
            throw new IllegalStateException("ask the C library for its sizes", impossible);
        }
    }

    @SuppressWarnings("restricted") // Asking the C library is what this class is for.
    private static MethodHandle mallinfo() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find("mallinfo2").orElseThrow(), FunctionDescriptor.of(SIZES));
    }
}
