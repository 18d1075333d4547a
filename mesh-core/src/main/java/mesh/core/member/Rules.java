package mesh.core.member;

/**
 * The judgements of the membership, apart from its bookkeeping: each is one sentence that the protocol's safety rests
 * on. Tests plant a fault by overriding one.
 */
public class Rules {
    /** A node's newer word replaces its older one, never the other way. */
    boolean isNews(Announcement held, Announcement heard) {
        return heard.isNewerThan(held.incarnation(), held.sequence());
    }

    /** Only a later life rises from a grave. */
    boolean mayRise(Rumor verdict, Announcement heard) {
        return heard.incarnation() > verdict.incarnation();
    }

    /** Doubt counts about the life we know: about an earlier one it is answered, about a later one unproven. */
    boolean isCurrent(Announcement held, Rumor doubt) {
        return doubt.incarnation() == held.incarnation();
    }

    /** A word with a higher incarnation than the doubted one answers the doubt. */
    boolean answers(Doubt doubt, Announcement heard) {
        return heard.incarnation() > doubt.incarnation;
    }

    /** The accused speaks up. */
    boolean defendsItself() {
        return true;
    }

    /** Doubt waits; only its end is a verdict. */
    boolean waits() {
        return true;
    }

    /** Words count only under their speaker's signature and within its certificate. */
    boolean isGenuine(Voice voice, Rumor rumor) {
        return voice.isGenuine(rumor);
    }

    /** A verdict out of an old table is only a doubt: a mesh that was split buried half of itself by mistake. */
    boolean doubtsOldVerdicts() {
        return true;
    }
}
