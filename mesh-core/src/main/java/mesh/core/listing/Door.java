package mesh.core.listing;

/**
 * Whether a mesh is listed: not while it is full. Once it was full it is listed again only after two looks
 * in a row below nine tenths of the cap, so that one client coming and going does not flap the listing. One owner.
 */
public final class Door {
    private static final int LOOKS_BELOW = 2;

    private final int clientsMax;
    private boolean wasFull;
    private int looksBelow;

    /** @param clientsMax 0 = as many as come */
    public Door(int clientsMax) {
        this.clientsMax = clientsMax;
    }

    /** One look; true: the mesh should be listed now. */
    public boolean isOpen(int clients) {
        if (clientsMax > 0 && clients >= clientsMax) {
            wasFull = true;
            looksBelow = 0;
        } else if (wasFull) {
            looksBelow = clients * 10 < clientsMax * 9 ? looksBelow + 1 : 0;
            wasFull = looksBelow < LOOKS_BELOW;
        }
        return !wasFull;
    }
}
