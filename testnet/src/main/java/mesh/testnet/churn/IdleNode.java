package mesh.testnet.churn;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.daemon.loop.Belonging;
import mesh.daemon.loop.Orders;
import mesh.daemon.loop.Reach;
import mesh.daemon.loop.Unable;

/**
 * A node of a mesh in this process, with its own key, files, UDP socket and loop, as a daemon has them, but no engine:
 * being told to serve anything is a fault.
 */
public final class IdleNode {
    private static final Orders NO_ORDERS = new Orders() {
        @Override
        public void start(ModelRef model, Part part) {
            throw new IllegalStateException("an idle node was to serve " + model);
        }

        @Override
        public void stop(ModelRef model, Reason reason) {
            throw new IllegalStateException("an idle node was to stop " + model);
        }

        @Override
        public void fetch(ModelRef model, String source) {
            throw new IllegalStateException("an idle node was to fetch " + model);
        }
    };

    private IdleNode() {}

    /** Opens and starts one; a client has no memory to offer. */
    public static Belonging open(
            Path data, String name, Profile.Role role, List<String> tokens, Consumer<Unable> unable)
            throws IOException {
        for (String each : List.of("state", "run")) Files.createDirectories(data.resolve(each));
        boolean isClient = role == Profile.Role.CLIENT;
        var plan = new Belonging.Plan(
                data,
                tokens,
                Optional.empty(),
                isClient,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Reach(List.of(), List.of()),
                line -> {});
        var opened = new Belonging(plan, (addresses, granted) -> profile(name, role, addresses), NO_ORDERS, unable);
        opened.start();
        return opened;
    }

    private static Profile profile(String name, Profile.Role role, List<String> addresses) {
        return new Profile(
                name,
                role,
                role == Profile.Role.CLIENT ? 0 : 8L << 30,
                0,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Profile.Engine.NONE,
                addresses,
                List.of(),
                List.of(),
                false,
                0);
    }
}
