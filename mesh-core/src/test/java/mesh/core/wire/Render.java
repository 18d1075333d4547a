package mesh.core.wire;

import java.util.List;
import java.util.stream.Collectors;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
import mesh.core.member.Accusation;
import mesh.core.member.Announcement;
import mesh.core.member.Digest;
import mesh.core.member.Farewell;
import mesh.core.member.Profile;
import mesh.core.member.Told;
import mesh.core.member.Word;

/**
 * Messages as text for vectors. Names every field of the first release and no later one, so that the text of an old
 * vector stays true for ever.
 */
final class Render {
    private Render() {}

    static String text(Message message) {
        return switch (message) {
            case Message.Gossip(Word word) -> word(word);
            case Message.RouteRequest(long digest) -> "RouteRequest digest=" + digest + "\n";
            case Message.RouteTable table ->
                "RouteTable digest=" + table.digest() + " part=" + table.part() + " parts=" + table.parts() + "\n"
                        + news(table.hosts());
            case Message.RouteNews(List<Told> changed, List<NodeId> gone) ->
                "RouteNews gone=" + gone + "\n" + news(changed);
            case Message.RevocationSum(long sum) -> "RevocationSum " + sum + "\n";
            case Message.RevocationMarks(List<Long> held) -> "RevocationMarks " + held + "\n";
            case Message.Revocations(List<Revocation> told, List<Long> wanted) ->
                "Revocations wanted=" + wanted + "\n"
                        + told.stream().map(each -> each + "\n").collect(Collectors.joining());
        };
    }

    private static String word(Word word) {
        return switch (word) {
            case Word.Ping(long nonce, List<Told> news) -> "Ping nonce=" + nonce + "\n" + news(news);
            case Word.Ack(long nonce, List<Told> news) -> "Ack nonce=" + nonce + "\n" + news(news);
            case Word.Help(long nonce, NodeId target, List<Told> news) ->
                "Help nonce=" + nonce + " target=" + target + "\n" + news(news);
            case Word.Nack(long nonce) -> "Nack nonce=" + nonce + "\n";
            case Word.Spread(List<Told> news) -> "Spread\n" + news(news);
            case Word.Compare(Digest digest, List<Told> news) -> "Compare " + digest(digest) + "\n" + news(news);
            case Word.Versions versions ->
                "Versions buckets=" + versions.buckets() + " differing=" + versions.differing() + "\n"
                        + versions.held().stream()
                                .map(held -> "  " + held.id() + " incarnation=" + held.incarnation() + " sequence="
                                        + held.sequence() + "\n")
                                .collect(Collectors.joining());
            case Word.Supply(List<Told> news, List<NodeId> wanted) -> "Supply wanted=" + wanted + "\n" + news(news);
        };
    }

    private static String digest(Digest digest) {
        var text = new StringBuilder("digest=");
        for (int at = 0; at < digest.buckets(); at++)
            text.append(at == 0 ? "" : ",").append(digest.bucket(at));
        return text.toString();
    }

    private static String news(List<Told> news) {
        var text = new StringBuilder();
        for (Told told : news) {
            text.append("  age=").append(told.ageMillis()).append(' ');
            switch (told.rumor()) {
                case Announcement word ->
                    text.append("Announcement ")
                            .append(word.subject())
                            .append(" incarnation=")
                            .append(word.incarnation())
                            .append(" sequence=")
                            .append(word.sequence())
                            .append('\n')
                            .append(profile(word.profile()));
                case Accusation doubt ->
                    text.append("Accusation by=")
                            .append(doubt.speaker())
                            .append(" of=")
                            .append(doubt.subject())
                            .append(" incarnation=")
                            .append(doubt.incarnation())
                            .append(' ')
                            .append(doubt.verdict())
                            .append('\n');
                case Farewell farewell ->
                    text.append("Farewell ")
                            .append(farewell.subject())
                            .append(" incarnation=")
                            .append(farewell.incarnation())
                            .append('\n');
            }
        }
        return text.toString();
    }

    private static String profile(Profile p) {
        var text = new StringBuilder();
        text.append("    name=%s role=%s usable=%d bandwidth=%d splits=%s fetch=%d\n"
                .formatted(
                        p.name(), p.role(), p.usableBytes(), p.bandwidthBytesPerSecond(), p.splits(), p.fetchBytes()));
        for (var s : p.served())
            text.append(
                    "    served %s %s slots=%d outstanding=%d speed=%d workers=%s ctx=%d size=%d %s attached=%s %s\n"
                            .formatted(
                                    s.model(),
                                    s.phase(),
                                    s.slots(),
                                    s.outstanding(),
                                    s.milliTokensPerSecond(),
                                    s.workers(),
                                    s.ctxTokens(),
                                    s.sizeBytes(),
                                    s.skills(),
                                    s.attached(),
                                    s.shares()));
        for (var f : p.onDisk())
            text.append("    disk %s file=%d need=%d kv=%d layers=%d active=%d\n"
                    .formatted(f.model(), f.fileBytes(), f.needBytes(), f.kvBytes(), f.layers(), f.activeBytes()));
        for (var w : p.wanted())
            text.append("    wanted %s source=%s need=%d\n".formatted(w.model(), w.source(), w.needBytes()));
        for (var d : p.demand()) text.append("    demand %s %d\n".formatted(d.model(), d.milliPerMinute()));
        var e = p.engine();
        text.append("    engine %s rpc=%d.%d.%d\n".formatted(e.version(), e.rpcMajor(), e.rpcMinor(), e.rpcPatch()));
        text.append("    addresses %s\n".formatted(p.addresses()));
        for (var a : p.assigned())
            text.append("    assigned %s budget=%d split=%s ratios=%s\n"
                    .formatted(a.model(), a.budgetBytes(), a.split(), a.tensorSplit()));
        for (var l : p.links()) text.append("    link %s rtt=%d\n".formatted(l.peer(), l.rttMillis()));
        return text.toString();
    }
}
