package mesh.core.wire;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import mesh.core.id.Credential;
import mesh.core.id.NodeId;
import mesh.core.member.Accusation;
import mesh.core.member.Announcement;
import mesh.core.member.Carried;
import mesh.core.member.Farewell;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Demanded;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.member.Profile.Wanted;
import mesh.core.member.Rumor;
import mesh.core.wire.CborReader.Malformed;

/**
 * The signed bodies of rumours: what a speaker signs and relays carry untouched. Order of the fields is the format;
 * new ones go to the end of their array. No state.
 */
final class Bodies {
    static final int ANNOUNCEMENT = 1;
    static final int ACCUSATION = 2;
    static final int FAREWELL = 3;

    /** Elements of an announcement without a credential. */
    private static final int ANNOUNCED = 5;

    /** {@code [host]:port} with the longest host name there is. */
    private static final int ADDRESS_CHARS_MAX = 261;

    private Bodies() {}

    /** {@code credential} is there when the speaker claims that it may split. */
    static byte[] announcement(NodeId speaker, long incarnation, long sequence, Profile profile, byte[] credential) {
        var cbor = new CborWriter()
                .array(credential.length == 0 ? ANNOUNCED : ANNOUNCED + 1)
                .number(ANNOUNCEMENT)
                .id(speaker)
                .number(incarnation)
                .number(sequence);
        write(cbor, profile);
        if (credential.length > 0) cbor.bytes(credential);
        return cbor.end().toBytes();
    }

    /** The credential that a carried announcement shows; empty when it shows none. */
    static byte[] credential(Carried carried) {
        try {
            var cbor = new CborReader(carried.body());
            cbor.array();
            for (int element = 0; element < ANNOUNCED; element++) cbor.skip();
            return cbor.isAtEnd() ? new byte[0] : cbor.bytes(0, Credential.BYTES_MAX);
        } catch (IOException | Malformed none) {
            return new byte[0];
        }
    }

    static byte[] accusation(NodeId speaker, NodeId subject, long incarnation, Accusation.Verdict verdict) {
        return new CborWriter()
                .array(5)
                .number(ACCUSATION)
                .id(speaker)
                .id(subject)
                .number(incarnation)
                .number(verdict == Accusation.Verdict.DEAD ? 1 : 0)
                .end()
                .toBytes();
    }

    static byte[] farewell(NodeId speaker, long incarnation) {
        return new CborWriter()
                .array(3)
                .number(FAREWELL)
                .id(speaker)
                .number(incarnation)
                .end()
                .toBytes();
    }

    /** Reads a carried body back; empty for a kind that a newer release brought. The signature is asked later. */
    static Optional<Rumor> read(Carried carried) throws IOException, Malformed {
        var cbor = new CborReader(carried.body());
        cbor.array();
        int kind = natural(cbor);
        if (kind < ANNOUNCEMENT || kind > FAREWELL) return Optional.empty();
        NodeId speaker = cbor.id();
        Rumor rumor = switch (kind) {
            case ANNOUNCEMENT -> new Announcement(speaker, incarnation(cbor), cbor.natural(), profile(cbor), carried);
            case ACCUSATION -> new Accusation(speaker, cbor.id(), incarnation(cbor), verdict(cbor), carried);
            default -> new Farewell(speaker, incarnation(cbor), carried);
        };
        cbor.end();
        cbor.over();
        return Optional.of(rumor);
    }

    private static Accusation.Verdict verdict(CborReader cbor) throws IOException, Malformed {
        return cbor.number(0, 1) == 1 ? Accusation.Verdict.DEAD : Accusation.Verdict.SUSPECT;
    }

    /** Leaves room to count on from whatever was heard. */
    private static long incarnation(CborReader cbor) throws IOException, Malformed {
        return cbor.number(0, 1L << 62);
    }

    /** The first half of each list: what a node with too much to say says of it. */
    static Profile shortened(Profile profile) {
        return new Profile(
                profile.name(),
                profile.role(),
                profile.usableBytes(),
                profile.bandwidthBytesPerSecond(),
                half(profile.served()),
                half(profile.onDisk()),
                half(profile.wanted()),
                half(profile.demand()),
                profile.engine(),
                half(profile.addresses()),
                half(profile.assigned()),
                half(profile.links()),
                profile.splits(),
                profile.fetchBytes());
    }

    private static <T> List<T> half(List<T> list) {
        return list.subList(0, list.size() / 2);
    }

    private static void write(CborWriter cbor, Profile profile) {
        cbor.array(14)
                .text(profile.name())
                .number(code(profile.role()))
                .number(profile.usableBytes())
                .number(profile.bandwidthBytesPerSecond())
                .list(profile.served(), Bodies::write)
                .list(profile.onDisk(), Bodies::write)
                .list(profile.wanted(), Bodies::write)
                .list(profile.demand(), Bodies::write);
        write(cbor, profile.engine());
        cbor.list(profile.addresses(), CborWriter::text)
                .list(profile.assigned(), Bodies::write)
                .list(profile.links(), Bodies::write)
                .number(flag(profile.splits()))
                .number(profile.fetchBytes())
                .end();
    }

    private static Profile profile(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var profile = new Profile(
                cbor.text(Profile.NAME_CHARS_MAX),
                role(cbor.number(0, 3)),
                bytes(cbor),
                bytes(cbor),
                cbor.list(Profile.MODELS_MAX, Bodies::served),
                cbor.list(Profile.MODELS_MAX, Bodies::onDisk),
                cbor.list(Profile.MODELS_MAX, Bodies::wanted),
                cbor.list(Profile.MODELS_MAX, Bodies::demanded),
                engine(cbor),
                cbor.list(Profile.ADDRESSES_MAX, reader -> reader.text(ADDRESS_CHARS_MAX)),
                cbor.list(Profile.MODELS_MAX, Bodies::assigned),
                cbor.list(Profile.LINKS_MAX, Bodies::link),
                flag(cbor),
                bytes(cbor));
        cbor.end();
        return profile;
    }

    private static void write(CborWriter cbor, Served served) {
        cbor.array(11)
                .text(served.model().name())
                .number(code(served.phase()))
                .number(served.slots())
                .number(served.outstanding())
                .number(served.milliTokensPerSecond())
                .list(served.workers(), CborWriter::id)
                .number(served.ctxTokens())
                .number(served.sizeBytes())
                .list(served.skills(), (out, skill) -> out.number(code(skill)))
                .number(flag(served.attached()))
                .list(served.shares(), (out, share) -> out.number(share))
                .end();
    }

    private static Served served(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var served = new Served(
                cbor.model(),
                phase(cbor.number(0, 3)),
                count(cbor, Served.COUNT_MAX),
                count(cbor, Served.COUNT_MAX),
                cbor.number(0, 1L << 32),
                cbor.list(Served.WORKERS_MAX, CborReader::id),
                count(cbor, 1 << 30),
                bytes(cbor),
                cbor.list(Skill.values().length, Bodies::skill),
                flag(cbor),
                cbor.list(Served.WORKERS_MAX + 1, reader -> count(reader, OnDisk.LAYERS_MAX + 1)));
        cbor.end();
        return served;
    }

    private static void write(CborWriter cbor, OnDisk file) {
        cbor.array(6)
                .text(file.model().name())
                .number(file.fileBytes())
                .number(file.needBytes())
                .number(file.kvBytes())
                .number(file.layers())
                .number(file.activeBytes())
                .end();
    }

    private static OnDisk onDisk(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var file = new OnDisk(
                cbor.model(), bytes(cbor), bytes(cbor), bytes(cbor), count(cbor, OnDisk.LAYERS_MAX), bytes(cbor));
        cbor.end();
        return file;
    }

    private static void write(CborWriter cbor, Wanted wanted) {
        cbor.array(3)
                .text(wanted.model().name())
                .text(wanted.source())
                .number(wanted.needBytes())
                .end();
    }

    private static Wanted wanted(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var wanted = new Wanted(cbor.model(), cbor.text(Wanted.SOURCE_CHARS_MAX), bytes(cbor));
        cbor.end();
        return wanted;
    }

    private static void write(CborWriter cbor, Demanded demanded) {
        cbor.array(2)
                .text(demanded.model().name())
                .number(demanded.milliPerMinute())
                .end();
    }

    private static Demanded demanded(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var demanded = new Demanded(cbor.model(), cbor.number(0, Demanded.MILLI_MAX));
        cbor.end();
        return demanded;
    }

    private static void write(CborWriter cbor, Engine engine) {
        cbor.array(4)
                .text(engine.version())
                .number(engine.rpcMajor())
                .number(engine.rpcMinor())
                .number(engine.rpcPatch())
                .end();
    }

    private static Engine engine(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var engine = new Engine(cbor.text(Engine.VERSION_CHARS_MAX), natural(cbor), natural(cbor), natural(cbor));
        cbor.end();
        return engine;
    }

    private static void write(CborWriter cbor, Assigned assigned) {
        cbor.array(4)
                .text(assigned.model().name())
                .number(assigned.budgetBytes())
                .number(flag(assigned.split()))
                .list(assigned.tensorSplit(), (out, ratio) -> out.number(ratio))
                .end();
    }

    private static Assigned assigned(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var assigned = new Assigned(
                cbor.model(),
                bytes(cbor),
                flag(cbor),
                cbor.list(Served.WORKERS_MAX + 1, reader -> count(reader, Assigned.RATIO_MAX)));
        cbor.end();
        return assigned;
    }

    private static void write(CborWriter cbor, Link link) {
        cbor.array(2).id(link.peer()).number(link.rttMillis()).end();
    }

    private static Link link(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var link = new Link(cbor.id(), count(cbor, Link.RTT_MILLIS_MAX));
        cbor.end();
        return link;
    }

    private static long bytes(CborReader cbor) throws IOException, Malformed {
        return cbor.number(0, Profile.BYTES_MAX);
    }

    private static int count(CborReader cbor, int max) throws IOException, Malformed {
        return (int) cbor.number(0, max);
    }

    private static boolean flag(CborReader cbor) throws IOException, Malformed {
        return cbor.number(0, 1) == 1;
    }

    private static int flag(boolean value) {
        return value ? 1 : 0;
    }

    private static int natural(CborReader cbor) throws IOException, Malformed {
        return (int) cbor.number(0, Integer.MAX_VALUE);
    }

    private static int code(Role role) {
        return switch (role) {
            case HOST -> 0;
            case WORKER -> 1;
            case STANDBY -> 2;
            case CLIENT -> 3;
        };
    }

    private static Role role(long code) {
        return switch ((int) code) {
            case 0 -> Role.HOST;
            case 1 -> Role.WORKER;
            case 2 -> Role.STANDBY;
            default -> Role.CLIENT;
        };
    }

    private static int code(Phase phase) {
        return switch (phase) {
            case LOADING -> 0;
            case READY -> 1;
            case DRAINING -> 2;
            case FAILED -> 3;
        };
    }

    private static Phase phase(long code) {
        return switch ((int) code) {
            case 0 -> Phase.LOADING;
            case 1 -> Phase.READY;
            case 2 -> Phase.DRAINING;
            default -> Phase.FAILED;
        };
    }

    private static int code(Skill skill) {
        return switch (skill) {
            case CHAT -> 0;
            case TOOLS -> 1;
            case VISION -> 2;
            case AUDIO -> 3;
            case EMBED -> 4;
            case RERANK -> 5;
            case INFILL -> 6;
        };
    }

    private static Skill skill(CborReader cbor) throws IOException, Malformed {
        return switch ((int) cbor.number(0, 6)) {
            case 0 -> Skill.CHAT;
            case 1 -> Skill.TOOLS;
            case 2 -> Skill.VISION;
            case 3 -> Skill.AUDIO;
            case 4 -> Skill.EMBED;
            case 5 -> Skill.RERANK;
            default -> Skill.INFILL;
        };
    }
}
