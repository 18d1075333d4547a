package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh invite}: lets others into the running node's mesh, and takes that back. */
@Command(
        name = "invite",
        description = "Makes, lists and revokes invites to the running node's mesh.",
        subcommands = {InviteCommand.Create.class, InviteCommand.ListAll.class, InviteCommand.Revoke.class})
final class InviteCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code mesh invite create}. */
    @Command(name = "create", description = "Makes an invite and prints the command that uses it.")
    static final class Create implements Callable<Integer> {
        private static final Pattern TIME = Pattern.compile("(\\d{1,6})([smhd])");

        @Mixin
        final NodeOption node = new NodeOption();

        @Option(
                names = "--role",
                paramLabel = "ROLE",
                defaultValue = "split",
                description = "client (ask), serve (answer), split (share models too large for one), admin (let others"
                        + " in). Default: split.")
        String role = "";

        @Option(
                names = "--uses",
                paramLabel = "N",
                defaultValue = "1",
                description = "How many nodes it lets in; 0: as many as come. Default: 1.")
        int uses;

        @Option(
                names = "--expires",
                paramLabel = "TIME",
                defaultValue = "24h",
                description = "How long it is good for: 90s, 30m, 24h, 7d. Default: 24h.")
        String expires = "";

        @Mixin
        final JsonOption json = new JsonOption();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            var wanted = new JsonMapper()
                    .createObjectNode()
                    .put("role", role)
                    .put("uses", uses)
                    .put("expiresSeconds", seconds());
            JsonNode made = node.node().post("invites", wanted.toString());
            PrintWriter out = spec.commandLine().getOut();
            if (json.isAsked) out.println(made.toPrettyString());
            else out.println("mesh --join " + made.path("token").asText());
            return 0;
        }

        private long seconds() throws Refusal {
            Matcher time = TIME.matcher(expires);
            if (!time.matches())
                throw new Refusal(
                        Refusal.USAGE,
                        "bad_value",
                        "--expires " + expires + ": expected a time such as 30m, 24h or 7d");
            long count = Long.parseLong(time.group(1));
            return switch (time.group(2)) {
                case "s" -> count;
                case "m" -> count * 60;
                case "h" -> count * 3_600;
                default -> count * 24 * 3_600;
            };
        }
    }

    /** {@code mesh invite list}. */
    @Command(name = "list", description = "Lists this node's invites that have not expired.")
    static final class ListAll implements Callable<Integer> {
        @Mixin
        final NodeOption node = new NodeOption();

        @Mixin
        final JsonOption json = new JsonOption();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            JsonNode invites = node.node().get("invites");
            PrintWriter out = spec.commandLine().getOut();
            if (json.isAsked) {
                out.println(invites.toPrettyString());
                return 0;
            }
            var table = new Table().row("ID", "ROLE", "STATE", "USED", "EXPIRES");
            for (JsonNode invite : invites) {
                int uses = invite.path("uses").asInt();
                table.row(
                        invite.path("id").asText(),
                        invite.path("role").asText(),
                        invite.path("state").asText(),
                        invite.path("used").asInt() + (uses == 0 ? "" : " of " + uses),
                        invite.path("expires").asText());
            }
            table.print(out);
            return 0;
        }
    }

    /** {@code mesh invite revoke}. */
    @Command(
            name = "revoke",
            description = "Withdraws an invite, whose holders of today stay; or puts a node out of the mesh for good.")
    static final class Revoke implements Callable<Integer> {
        private static final Pattern INVITE_ID = Pattern.compile("[0-9a-f]{32}");

        @Mixin
        final NodeOption node = new NodeOption();

        @Parameters(
                paramLabel = "ID",
                description = "An invite as mesh invite list shows it, or a node's name or id as mesh status does.")
        String id = "";

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            boolean isInvite = INVITE_ID.matcher(id).matches();
            node.node().delete((isInvite ? "invites/" : "peers/") + Json.pathSegment(id));
            spec.commandLine().getOut().println(isInvite ? "revoked" : id + " is out of the mesh");
            return 0;
        }
    }
}
