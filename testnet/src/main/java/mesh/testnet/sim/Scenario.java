package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.core.Effect;
import mesh.core.Event;
import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Profile.OnDisk;

/**
 * A short play for a few nodes, as text: one command a line in, a readable account of what happened out. Memory and
 * model sizes are in GiB. What many nodes notice at the same moment stands on one line.
 *
 * <pre>
 * start N serves MODEL NEED of MEMORY [split]     start N idle MEMORY [MODEL NEED]...     start N client
 * join N HOST     run SECONDS     crash N     leave N     restart N     sleep N     freeze N     thaw N
 * split N,N,...     heal     drop N MODEL     show N
 * </pre>
 */
public final class Scenario implements Simulation.Watcher {
    private static final long MOMENT_MILLIS = 100;

    private final Simulation mesh;
    private final List<String> account = new ArrayList<>();
    private final TreeMap<String, List<Integer>> sameMoment = new TreeMap<>();
    private long momentMillis;

    private Scenario(int nodes, long seed) {
        mesh = Simulation.of(nodes).seed(seed).codecEvery(1).build();
        mesh.watch(this);
    }

    /** Plays {@code commands} and tells what happened. */
    public static String play(String commands) {
        List<String> lines = commands.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
                .toList();
        int nodes = 0;
        for (String line : lines)
            if (line.startsWith("start ")) nodes = Math.max(nodes, 1 + Integer.parseInt(line.split(" ")[1]));
        var scenario = new Scenario(nodes, nodes);
        for (String line : lines) scenario.command(line);
        return String.join("\n", scenario.account) + "\n";
    }

    @Override
    public void noticed(long atMillis, int viewer, Change change) {
        int peer = mesh.index(change.peer());
        String what = switch (change) {
            case Change.Joined _ -> "see " + peer + " join";
            case Change.Updated _ -> "";
            case Change.Suspected _ -> "doubt " + peer;
            case Change.Cleared _ -> "trust " + peer + " again";
            case Change.Lost _ -> "lose " + peer;
            case Change.Left _ -> "see " + peer + " leave";
            case Change.Refuted _ -> "answer the doubt";
            case Change.Forged _ -> "refuse a forged word of " + peer;
        };
        tell(atMillis, viewer, what);
    }

    @Override
    public void did(long atMillis, int node, Effect effect) {
        switch (effect) {
            case Effect.Start(ModelRef model, Part part) -> tell(atMillis, node, "start " + model + " " + name(part));
            case Effect.Stop(ModelRef model, var reason) -> tell(atMillis, node, "stop " + model + " " + reason.code());
            case Effect.Fetch(ModelRef model, String source) -> tell(atMillis, node, "fetch " + model + " " + source);
            case Effect.Decided(ModelRef model, Outcome outcome) ->
                tell(atMillis, node, "decide " + model + " " + name(outcome));
            case Effect.Send _, Effect.Noticed _ -> {}
        }
    }

    private void command(String line) {
        String[] words = line.split(" +");
        int node = words.length > 1 && words[1].matches("\\d+") ? Integer.parseInt(words[1]) : -1;
        account("> " + line);
        switch (words[0]) {
            case "start" -> start(node, words);
            case "join" -> mesh.join(node, Integer.parseInt(words[2]));
            case "run" -> mesh.run(1_000L * node);
            case "crash" -> mesh.crash(node);
            case "leave" -> mesh.leave(node);
            case "restart" -> mesh.restart(node, true);
            case "sleep" -> mesh.freeze(node, true);
            case "freeze" -> mesh.freeze(node, false);
            case "thaw" -> mesh.thaw(node);
            case "split" -> split(words[1]);
            case "heal" -> mesh.net().heal();
            case "drop" -> mesh.tell(node, new Event.Dropped(new ModelRef(words[2])));
            case "show" -> show(node);
            default -> throw new IllegalArgumentException("no such command line=" + line);
        }
        flush();
    }

    private void start(int node, String[] words) {
        switch (words[2]) {
            case "serves" -> {
                boolean split = words[words.length - 1].equals("split");
                mesh.start(node, Machines.serving(node, gib(words[6]), new ModelRef(words[3]), gib(words[4]), split));
            }
            case "idle" -> {
                var files = new ArrayList<OnDisk>();
                for (int at = 4; at + 1 < words.length; at += 2)
                    files.add(Machines.file(new ModelRef(words[at]), gib(words[at + 1])));
                mesh.start(node, Machines.idle(node, gib(words[3]), files));
            }
            case "client" -> mesh.start(node, Machines.client(node));
            default -> throw new IllegalArgumentException("no such machine kind=" + words[2]);
        }
    }

    private void split(String side) {
        int[] sides = new int[mesh.size()];
        for (String each : side.split(",")) sides[Integer.parseInt(each)] = 1;
        mesh.net().split(sides);
    }

    private void show(int node) {
        var snapshot = mesh.node(node).snapshot();
        account("  " + node + " knows "
                + snapshot.peers().stream()
                        .map(Member::id)
                        .map(mesh::index)
                        .sorted()
                        .toList());
        snapshot.routes()
                .all()
                .forEach((model, hosts) -> account("  " + node + " routes " + model + " to "
                        + hosts.stream()
                                .map(host -> mesh.index(host.node()) + " "
                                        + host.served().phase())
                                .sorted()
                                .toList()));
    }

    private void tell(long atMillis, int node, String what) {
        if (atMillis / MOMENT_MILLIS != momentMillis / MOMENT_MILLIS) flush();
        momentMillis = atMillis;
        if (!what.isEmpty())
            sameMoment.computeIfAbsent(what, _ -> new ArrayList<>()).add(node);
    }

    private void flush() {
        for (Map.Entry<String, List<Integer>> each : sameMoment.entrySet()) {
            String who = each.getValue().stream()
                    .sorted()
                    .map(String::valueOf)
                    .reduce((a, b) -> a + "," + b)
                    .orElse("");
            long tenths = momentMillis / MOMENT_MILLIS;
            account("%5d.%ds  %s %s".formatted(tenths / 10, tenths % 10, who, each.getKey()));
        }
        sameMoment.clear();
    }

    private void account(String line) {
        account.add(line);
    }

    private String name(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Solo(List<NodeId> hosts) -> "alone on " + indexes(hosts);
            case Outcome.Split split ->
                "split by " + mesh.index(split.host()) + " over " + indexes(split.workers()) + " " + split.shares();
            case Outcome.Waiting waiting ->
                "wait: needs " + waiting.needBytes() / Machines.GIB + " has " + waiting.haveBytes() / Machines.GIB;
            case Outcome.Refused(var reason) -> "refuse: " + reason.code();
        };
    }

    private String name(Part part) {
        return switch (part) {
            case Part.Alone() -> "alone";
            case Part.Host host -> "over " + indexes(host.workers()) + " " + host.shares();
            case Part.Lend(NodeId host) -> "for " + mesh.index(host);
            case Part.Idle(var reason) -> reason.code();
        };
    }

    private List<Integer> indexes(List<NodeId> ids) {
        return ids.stream().map(mesh::index).toList();
    }

    private static long gib(String text) {
        return Long.parseLong(text) * Machines.GIB;
    }
}
