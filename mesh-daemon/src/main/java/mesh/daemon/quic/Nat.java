package mesh.daemon.quic;

import java.util.Locale;

/** What translates this node's address on its way to others, as far as two of them outside have told where they see it. */
public enum Nat {
    /** Nobody outside, or one only, has said yet. */
    UNKNOWN,
    /** Others see an address of this machine. */
    NONE,
    /** Everybody sees the same port: a hole that is punched for one serves all. */
    STEADY,
    /** Each sees another port: no hole can be told to a third, and two such nodes need a relay or a forwarded port. */
    CHANGING;

    /** As people and scripts read it. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
