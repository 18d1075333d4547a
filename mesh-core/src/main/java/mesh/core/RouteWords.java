package mesh.core;

import mesh.core.member.Announcement;

/** What both sides of the passive protocol must agree on. */
final class RouteWords {
    private RouteWords() {}

    /** Equal for equal sets of words, whatever their order; 0 only for none, for all that matters. */
    static long digest(Iterable<Announcement> words) {
        long digest = 0;
        for (Announcement word : words) {
            long mixed = word.subject().hashCode() * 0x9e3779b97f4a7c15L ^ word.incarnation();
            mixed = (mixed ^ (mixed >>> 32)) * 0xbf58476d1ce4e5b9L ^ word.sequence();
            mixed = (mixed ^ (mixed >>> 29)) * 0x94d049bb133111ebL;
            digest ^= mixed ^ (mixed >>> 31);
        }
        return digest;
    }
}
