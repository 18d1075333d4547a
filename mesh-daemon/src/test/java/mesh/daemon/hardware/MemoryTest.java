package mesh.daemon.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryTest {
    private static final long GIB = 1L << 30;

    @TempDir
    Path root;

    @Test
    void machineKeepsATenthToItself() throws IOException {
        meminfo(20 * GIB, 15 * GIB);

        Memory memory = Memory.probe(root);

        assertThat(memory.totalBytes()).isEqualTo(20 * GIB);
        assertThat(memory.usableBytes()).isEqualTo(13 * GIB);
        assertThat(memory.source().word()).isEqualTo("ram");
        assertThat(memory.how()).isEqualTo("ram: 16.1 GB available of 21.5 GB, less 2.1 GB head-room");
    }

    @Test
    void headRoomHasAFloorAndACeiling() throws IOException {
        meminfo(2 * GIB, GIB);
        assertThat(Memory.probe(root).usableBytes()).isEqualTo(GIB / 2);

        meminfo(512 * GIB, 500 * GIB);
        assertThat(Memory.probe(root).usableBytes()).isEqualTo(496 * GIB);

        meminfo(2 * GIB, GIB / 4);
        assertThat(Memory.probe(root).usableBytes()).isZero();
    }

    @Test
    void limitOfAContainerCounts() throws IOException {
        meminfo(64 * GIB, 60 * GIB);
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", 10 * GIB + "\n");
        write("sys/fs/cgroup/memory.current", 4 * GIB + "\n");
        write("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file " + GIB + "\n");

        Memory memory = Memory.probe(root);

        assertThat(memory.totalBytes()).isEqualTo(10 * GIB);
        assertThat(memory.usableBytes()).isEqualTo(6 * GIB);
        assertThat(memory.source().word()).isEqualTo("cgroup");
    }

    @Test
    void limitOfAGroupAboveCounts() throws IOException {
        meminfo(64 * GIB, 60 * GIB);
        write("proc/self/cgroup", "0::/user.slice/mesh.service\n");
        write("sys/fs/cgroup/user.slice/memory.max", 20 * GIB + "\n");
        write("sys/fs/cgroup/user.slice/memory.current", "0\n");
        write("sys/fs/cgroup/user.slice/mesh.service/memory.max", "max\n");
        write("sys/fs/cgroup/user.slice/mesh.service/memory.current", "0\n");

        assertThat(Memory.probe(root).usableBytes()).isEqualTo(18 * GIB);
    }

    @Test
    void olderGroupsAreReadAlsoUnderAPathFromOutside() throws IOException {
        meminfo(64 * GIB, 60 * GIB);
        write("proc/self/cgroup", "5:cpu:/\n4:memory,x:/docker/0123\n0::/\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", 10 * GIB + "\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", 3 * GIB + "\n");
        write("sys/fs/cgroup/memory/memory.stat", "total_inactive_file " + GIB + "\n");

        assertThat(Memory.probe(root).usableBytes()).isEqualTo(7 * GIB);
    }

    @Test
    void limitAboveTheMachineIsNone() throws IOException {
        meminfo(20 * GIB, 15 * GIB);
        write("proc/self/cgroup", "4:memory:/\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "0\n");

        assertThat(Memory.probe(root).source().word()).isEqualTo("ram");
    }

    @Test
    void cardsCountThatBothTheSystemAndTheEngineKnow() throws IOException {
        meminfo(20 * GIB, 15 * GIB);
        var devices = Device.parse("""
                Available devices:
                  CUDA0: NVIDIA GeForce RTX 4090 (24080 MiB, 23600 MiB free)
                  Vulkan1: Intel Graphics (UMA) (15900 MiB, 12000 MiB free)
                  BLAS: OpenBLAS
                """);
        var known = List.of(new Gpus.Gpu("NVIDIA GeForce RTX 4090", 24564L << 20, 23028L << 20, false));

        Memory memory = Memory.probe(root).with(devices, known);

        assertThat(devices).extracting(Device::name).containsExactly("CUDA0", "Vulkan1");
        assertThat(memory.usableBytes()).isEqualTo(13 * GIB + ((23028L - 1024) << 20));
        assertThat(memory.totalBytes()).isEqualTo(20 * GIB + (24080L << 20));
        assertThat(memory.source().word()).isEqualTo("ram+gpu");
        assertThat(memory.how())
                .isEqualTo("ram: 16.1 GB available of 21.5 GB, less 2.1 GB head-room; CUDA0 NVIDIA GeForce RTX 4090:"
                        + " 24.1 GB free of 25.2 GB, less 1.1 GB head-room");
        assertThat(memory.machineBytes()).isEqualTo(13 * GIB);
        assertThat(memory.cappedAt(GIB).machineBytes()).isEqualTo(13 * GIB);
        assertThat(memory.forSplits().map(Memory.Card::device)).contains("CUDA0");
        assertThat(Memory.probe(root).with(List.of(), known)).isEqualTo(Memory.probe(root));
    }

    @Test
    void memoryThatAMacsGpuSharesIsNotCountedTwice() throws IOException {
        meminfo(20 * GIB, 15 * GIB);
        var devices = Device.parse("  MTL0: Apple M4 (14000 MiB, 14000 MiB free)");

        Memory memory = Memory.probe(root).with(devices, List.of(new Gpus.Gpu("Apple M4", 20 * GIB, 14 * GIB, true)));

        assertThat(memory).isEqualTo(Memory.probe(root));
    }

    @Test
    void capOnlyLowers() throws IOException {
        meminfo(20 * GIB, 15 * GIB);
        Memory memory = Memory.probe(root);

        assertThat(memory.cappedAt(5_000_000_000L).usableBytes()).isEqualTo(5_000_000_000L);
        assertThat(memory.cappedAt(5_000_000_000L).how()).endsWith("head-room, capped at 5.0 GB");
        assertThat(memory.cappedAt(100 * GIB)).isEqualTo(memory);
    }

    @Test
    void systemWithoutProcIsAskedThroughTheRuntime() {
        Memory memory = Memory.probe(root);

        assertThat(memory.source().word()).isEqualTo("jvm");
        assertThat(memory.totalBytes()).isPositive();
        assertThat(memory.usableBytes()).isLessThan(memory.totalBytes());
    }

    @Test
    void oddFilesArePassedOver() throws IOException {
        meminfo(20 * GIB, 15 * GIB);
        write("proc/self/cgroup", "nonsense\n0::\n::\n0::/../..\n");
        write("sys/fs/cgroup/memory.max", "-\n");

        assertThat(Memory.probe(root).usableBytes()).isEqualTo(13 * GIB);
    }

    @Test
    void threadsOfOneCoreCountOnce() throws IOException {
        for (int thread = 0; thread < 8; thread++)
            write(
                    "sys/devices/system/cpu/cpu" + thread + "/topology/thread_siblings_list",
                    thread % 4 + "," + (thread % 4 + 4) + "\n");

        assertThat(Cores.physical(root, 8)).isEqualTo(4);
        assertThat(Cores.physical(root, 2)).isEqualTo(2);
        assertThat(Cores.physical(root.resolve("nothing"), 6)).isEqualTo(6);
        assertThat(Cores.physical()).isPositive();
    }

    private void meminfo(long totalBytes, long availableBytes) throws IOException {
        write(
                "proc/meminfo",
                "MemTotal:       %d kB\nMemFree:  1 kB\nMemAvailable:   %d kB\n"
                        .formatted(totalBytes >> 10, availableBytes >> 10));
    }

    private void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
