package mesh.core.listing;

import java.util.Locale;

/** Why a listing was not taken; counted, so that a publisher whose listing is missing can be told. */
public enum Rejected {
    /** No listing: fields missing, of another type, or beyond a bound. */
    MALFORMED,
    /** Another kind, or of another application: relays do send what nobody asked for. */
    UNASKED,
    EXPIRED,
    /** It claims to hold far longer than a listing may. */
    LASTS_TOO_LONG,
    /** Made too long ago, whatever it says of its end. */
    STALE,
    /** Made in the future: its clock is wrong, or it wants to stay on top. */
    FROM_THE_FUTURE,
    /** A newer one of the same publisher for the same mesh is here. */
    SUPERSEDED,
    /** The publisher took its mesh off the list. */
    DELISTED,
    /** The publisher's key cost too little. */
    CHEAP_KEY,
    /** The id is not the hash of the content. */
    WRONG_ID,
    BAD_SIGNATURE,
    /** The invites are damaged, expired or lead nowhere. */
    BAD_INVITE,
    /** The invites give more than a public listing may. */
    ROLE_TOO_HIGH,
    /** The node behind the invites did not sign for this publisher. */
    BAD_PROOF,
    /** More arrived than is looked at in one round. */
    OVER_BUDGET;

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
