package mesh.testnet.transport;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import mesh.testnet.transport.TransportNode.Handle;

/**
 * Measures tunnels beside two plain TCP relays in the same run: throughput, processor time per GiB and end, round trips;
 * then what a joining node takes and what an idle connection holds. Prints the tables of {@code docs/benchmarks.md}.
 * Arguments: MiB per transfer (1024), rounds per ping-pong (5000), idle connections (1000).
 */
public final class TransportBench {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true);

    private TransportBench() {}

    /** Two processes and the port that leads through both. */
    private record Course(String name, Handle entry, Handle exit, int sinkPort, int echoPort) {}

    public static void main(String[] args) throws Exception {
        int mebibytes = args.length > 0 ? Integer.parseInt(args[0]) : 1_024;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5_000;
        int idle = args.length > 2 ? Integer.parseInt(args[2]) : 1_000;
        Path folder = Files.createTempDirectory("transport-bench");
        try (var sink = new ServerSocket(0, 50, LOOPBACK);
                var echo = new ServerSocket(0, 50, LOOPBACK)) {
            serve(sink, TransportBench::swallow);
            serve(echo, TransportBench::sayBack);
            tunnels(folder, sink.getLocalPort(), echo.getLocalPort(), mebibytes, rounds);
        }
        joining(folder, idle);
    }

    private static void tunnels(Path folder, int sink, int echo, int mebibytes, int rounds) throws Exception {
        OUT.println("| path | Gbit/s | CPU s per GiB, entry + exit |");
        OUT.println("|---|---|---|");
        var courses = new ArrayList<Course>();
        for (int datagramBytes : new int[] {1_350, 8_192}) {
            var exit = new Handle(folder.resolve("exit" + datagramBytes), datagramBytes);
            var entry = new Handle(folder.resolve("entry" + datagramBytes), datagramBytes);
            entry.ask("join " + exit.ask("found"));
            String name = "QUIC tunnel, " + String.format(Locale.ROOT, "%,d", datagramBytes) + " B packets";
            courses.add(new Course(
                    name, entry, exit, (int) entry.number("enter " + sink), (int) entry.number("enter " + echo)));
            if (datagramBytes == 1_350)
                courses.addFirst(new Course(
                        "two TCP relays",
                        entry,
                        exit,
                        (int) entry.number("relay " + exit.number("relay " + sink)),
                        (int) entry.number("relay " + exit.number("relay " + echo))));
        }
        for (Course course : courses) {
            transfer(course, Math.max(64, mebibytes / 4));
            OUT.println(transfer(course, mebibytes));
        }
        OUT.println();
        OUT.println("| round trip, p50 / p99 µs | 64 B | 1 KB | 4 KB | 16 KB |");
        OUT.println("|---|---|---|---|---|");
        for (Course course : courses) OUT.println(pings(course, course.name, rounds));
        Course first = courses.get(1);
        for (Handle each : List.of(first.entry, first.exit)) each.ask("spin 200");
        OUT.println(pings(first, first.name + ", loop polls 200 µs", rounds));
        for (Course course : courses) {
            course.entry.close();
            course.exit.close();
        }
    }

    private static String transfer(Course course, int mebibytes) throws IOException {
        byte[] chunk = new byte[256 << 10];
        long cpuEntry = course.entry.number("cpu");
        long cpuExit = course.exit.number("cpu");
        long begin = System.nanoTime();
        try (var socket = new Socket(LOOPBACK, course.sinkPort)) {
            new DataOutputStream(socket.getOutputStream()).writeLong((long) mebibytes << 20);
            for (int i = 0; i < mebibytes * 4; i++) socket.getOutputStream().write(chunk);
            // The sink answers when it has everything.
            if (socket.getInputStream().read() != 1) throw new IOException("transfer cut off");
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double gibibytes = mebibytes / 1_024.0;
        return String.format(
                Locale.ROOT,
                "| %s | %.2f | %.2f + %.2f |",
                course.name,
                gibibytes * 8.589934592 / seconds,
                (course.entry.number("cpu") - cpuEntry) / 1e9 / gibibytes,
                (course.exit.number("cpu") - cpuExit) / 1e9 / gibibytes);
    }

    private static String pings(Course course, String name, int rounds) throws IOException {
        var row = new StringBuilder("| " + name + " |");
        for (int bytes : new int[] {64, 1 << 10, 4 << 10, 16 << 10}) {
            long[] nanos = new long[rounds];
            byte[] message = new byte[bytes];
            try (var socket = new Socket(LOOPBACK, course.echoPort)) {
                socket.setTcpNoDelay(true);
                var in = new DataInputStream(socket.getInputStream());
                for (int i = -rounds / 5; i < rounds; i++) {
                    long begin = System.nanoTime();
                    socket.getOutputStream().write(message);
                    in.readFully(message);
                    if (i >= 0) nanos[i] = System.nanoTime() - begin;
                }
            }
            Arrays.sort(nanos);
            row.append(String.format(
                    Locale.ROOT, " %d / %d |", nanos[rounds / 2] / 1_000, nanos[rounds * 99 / 100] / 1_000));
        }
        return row.toString();
    }

    /** Nodes that join one after another and then stay, idle. */
    private static void joining(Path folder, int idle) throws Exception {
        try (var host = new Handle(folder.resolve("host"), 1_350);
                var guests = new Guests(folder.resolve("guests"), host.ask("found"))) {
            guests.join(50);
            String[] before = host.ask("memory").split(" ");
            long[] nanos = guests.join(idle);
            String[] after = host.ask("memory").split(" ");
            Arrays.sort(nanos);
            OUT.println();
            OUT.println("| | |");
            OUT.println("|---|---|");
            OUT.printf(
                    Locale.ROOT,
                    "| handshake and admission by invite, p50 / p99 ms | %.1f / %.1f |%n",
                    nanos[idle / 2] / 1e6,
                    nanos[idle * 99 / 100] / 1e6);
            OUT.printf(Locale.ROOT, "| connections held | %s |%n", host.ask("peers"));
            OUT.printf(
                    Locale.ROOT,
                    "| memory of one idle connection at its host, heap / resident KiB | %.1f / %.1f |%n",
                    (Long.parseLong(after[0]) - Long.parseLong(before[0])) / (double) idle,
                    (Long.parseLong(after[1]) - Long.parseLong(before[1])) / (double) idle);
        }
    }

    private interface Service {
        void serve(Socket socket) throws IOException;
    }

    private static void serve(ServerSocket server, Service service) {
        Thread.ofPlatform().daemon().name("accept").start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofPlatform().daemon().name("serve").start(() -> {
                        try (socket) {
                            service.serve(socket);
                        } catch (IOException gone) {
                            // The other side ended the measurement.
                        }
                    });
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    private static void swallow(Socket socket) throws IOException {
        byte[] chunk = new byte[256 << 10];
        long left = new DataInputStream(socket.getInputStream()).readLong();
        while (left > 0) {
            int count = socket.getInputStream().read(chunk);
            if (count < 0) return;
            left -= count;
        }
        socket.getOutputStream().write(1);
    }

    private static void sayBack(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        byte[] chunk = new byte[64 << 10];
        for (int count = socket.getInputStream().read(chunk);
                count >= 0;
                count = socket.getInputStream().read(chunk))
            socket.getOutputStream().write(chunk, 0, count);
    }
}
