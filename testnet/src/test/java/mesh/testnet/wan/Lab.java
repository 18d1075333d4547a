package mesh.testnet.wan;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.testnet.Needs;

/**
 * Network namespaces made for one test and taken away after it, with the cables between them. Needs root, iproute2 and
 * nftables on Linux. Nothing in it reaches the machine's own network. One thread.
 */
final class Lab implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;

    private final String prefix = "mesh-" + ProcessHandle.current().pid() + "-";
    private final Deque<Space> spaces = new ArrayDeque<>();
    private final Deque<Pump> pumps = new ArrayDeque<>();
    private int cables;

    private Lab() {}

    static Lab open() throws IOException {
        Needs.that(isThere("ip") && isThere("nft"), "namespaces need iproute2 and nftables");
        var lab = new Lab();
        boolean isAllowed = succeeds("ip", "netns", "add", lab.prefix + "try");
        Needs.that(isAllowed, "namespaces need root on Linux");
        succeeds("ip", "netns", "del", lab.prefix + "try");
        return lab;
    }

    /** A machine of its own with nothing but loopback. */
    static final class Space {
        private final String name;

        private Space(String name) {
            this.name = name;
        }

        /** What to put before a command so that it runs there. */
        List<String> prefix() {
            return List.of("ip", "netns", "exec", name);
        }

        void run(String... command) throws IOException {
            var line = new ArrayList<>(prefix());
            line.addAll(List.of(command));
            Lab.run(line.toArray(String[]::new));
        }

        void ip(String... words) throws IOException {
            var line = new ArrayList<>(List.of("ip", "-n", name));
            line.addAll(List.of(words));
            Lab.run(line.toArray(String[]::new));
        }

        /** Gives an interface an address, which may be used at once: nobody else in a lab has it. */
        void address(String networkInterface, String address) throws IOException {
            var line = new ArrayList<>(List.of("addr", "add", address, "dev", networkInterface));
            if (address.contains(":")) line.add("nodad");
            ip(line.toArray(String[]::new));
        }

        /** Makes a router of it. */
        void forward() throws IOException {
            run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
        }

        /** Puts the machine's packet filter in place of what was there. */
        void filter(String rules) throws IOException {
            Path file = Files.createTempFile("mesh-lab", ".nft");
            try {
                Files.writeString(file, "flush ruleset\n" + rules);
                run("nft", "-f", file.toString());
            } finally {
                Files.delete(file);
            }
        }
    }

    Space space(String name) throws IOException {
        var space = new Space(prefix + name);
        run("ip", "netns", "add", space.name);
        spaces.push(space);
        space.ip("link", "set", "lo", "up");
        return space;
    }

    /** A space whose interfaces are one network, as those of a switch are. */
    Space hub(String name) throws IOException {
        Space hub = space(name);
        hub.ip("link", "add", "switch", "type", "bridge");
        hub.ip("link", "set", "switch", "up");
        return hub;
    }

    /** Lays a cable from a space's new interface, with its address, to a hub. */
    void plug(Space space, String networkInterface, String address, Space hub) throws IOException {
        String end = "p" + cables++;
        run(
                "ip",
                "link",
                "add",
                networkInterface,
                "netns",
                space.name,
                "type",
                "veth",
                "peer",
                "name",
                end,
                "netns",
                hub.name);
        hub.ip("link", "set", end, "master", "switch");
        hub.ip("link", "set", end, "up");
        up(space, networkInterface, address);
    }

    /** Makes one network of two hubs; the cable is pulled and put back by its end's name at the first. */
    String trunk(Space one, Space two) throws IOException {
        String here = "t" + cables++;
        String there = "t" + cables++;
        run("ip", "link", "add", here, "netns", one.name, "type", "veth", "peer", "name", there, "netns", two.name);
        one.ip("link", "set", here, "master", "switch", "up");
        two.ip("link", "set", there, "master", "switch", "up");
        return here;
    }

    /** Lays a cable between two spaces, an interface and its address at each end. */
    void join(Space one, String oneInterface, String oneAddress, Space two, String twoInterface, String twoAddress)
            throws IOException {
        run(
                "ip",
                "link",
                "add",
                oneInterface,
                "netns",
                one.name,
                "type",
                "veth",
                "peer",
                "name",
                twoInterface,
                "netns",
                two.name);
        up(one, oneInterface, oneAddress);
        up(two, twoInterface, twoAddress);
    }

    /** The same with a link that is slow and loses packets. */
    Pump joinSlowly(
            Space one,
            String oneInterface,
            String oneAddress,
            Space two,
            String twoInterface,
            String twoAddress,
            Pump.Weather weather)
            throws IOException {
        String first = "mt" + cables++ + "x" + ProcessHandle.current().pid() % 10_000;
        String second = "mt" + cables++ + "x" + ProcessHandle.current().pid() % 10_000;
        Pump pump = Pump.between(first, second, weather);
        pumps.push(pump);
        adopt(first, one, oneInterface, oneAddress);
        adopt(second, two, twoInterface, twoAddress);
        return pump;
    }

    private static void adopt(String made, Space by, String as, String address) throws IOException {
        run("ip", "link", "set", made, "netns", by.name);
        by.ip("link", "set", made, "name", as);
        up(by, as, address);
    }

    private static void up(Space space, String networkInterface, String address) throws IOException {
        space.address(networkInterface, address);
        space.ip("link", "set", networkInterface, "up");
    }

    @Override
    public void close() throws IOException {
        while (!pumps.isEmpty()) pumps.pop().close();
        while (!spaces.isEmpty()) run("ip", "netns", "del", spaces.pop().name);
    }

    private static boolean isThere(String tool) {
        try {
            return succeeds(tool, "-V");
        } catch (IOException missing) {
            return false;
        }
    }

    private static boolean succeeds(String... command) throws IOException {
        return finish(command).exitValue() == 0;
    }

    static String run(String... command) throws IOException {
        Process process = finish(command);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.exitValue() != 0) throw new IOException(String.join(" ", command) + ": " + said);
        return said;
    }

    private static Process finish(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.onExit()
                .completeOnTimeout(process, PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        if (process.isAlive()) {
            process.destroyForcibly();
            throw new IOException("took too long: " + String.join(" ", command));
        }
        return process;
    }
}
