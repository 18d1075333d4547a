package mesh.daemon.edge;

import java.util.Optional;

/** See {@link Course#only(Leg)}. */
final class OnlyCourse implements Course {
    private final Leg leg;
    private boolean isTried;

    OnlyCourse(Leg leg) {
        this.leg = leg;
    }

    @Override
    public Step next() {
        if (isTried) return new Step.Spent();
        isTried = true;
        return new Step.Go(leg);
    }

    @Override
    public Optional<Leg> beside() {
        return Optional.empty();
    }
}
