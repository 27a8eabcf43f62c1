"""``scripts/train-notes``."""

from pathlib import Path

import click

from notetaker.notes.minutes import classifier as shipped
from tests.campaigns.notes_eval.labelled import meetings
from tests.campaigns.notes_eval.snippets import snippets
from tests.campaigns.notes_eval.train import KINDS, PRECISION, choose, examples, left_out, train, write

_OWN_WEIGHT = 2.0
_WEIGHTS = Path(shipped.__file__).with_name("weights.json")
_ABOUT = (
    "Weights of a logistic regression, learnt by scripts/train-notes from {snippets} snippets written for this"
    " project and {meetings} labelled meetings of QMSum (github.com/Yale-LILY/QMSum, MIT; its AMI and ICSI parts"
    " CC BY 4.0)."
)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--write/--try", "keep", default=True, help="Write the weights, or only say what they are worth."
)
def main(folders: tuple[Path, ...], keep: bool) -> None:
    """Learn the built-in writer's weights from the project's own snippets and from FOLDERS of labelled meetings.

    To say what they are worth, each folder is left out in turn, so put meetings of the same people into one; of a
    single folder, each meeting is left out.
    """
    groups = [meetings(folder) for folder in folders]
    known = [meeting for group in groups for meeting in group]
    own = [example for snippet in snippets() for example in examples(snippet, _OWN_WEIGHT)]
    thresholds = dict.fromkeys(KINDS, 0.8)
    if len(known) > 1:
        for kind, curve in left_out(groups if len(groups) > 1 else [[one] for one in known], own).items():
            for precision in (PRECISION[kind], 0.8, 0.7, 0.6, 0.5):
                point = choose(curve, precision)
                score = point.score
                click.echo(
                    f"{kind}: precision {score.precision:.2f} ({score.right} of {score.right + score.wrong}),"
                    f" recall {score.recall:.2f} from {point.threshold:.2f} on"
                )
            thresholds[kind] = round(choose(curve, PRECISION[kind]).threshold, 2)
    if keep:
        everything = [*(example for meeting in known for example in examples(meeting)), *own]
        about = _ABOUT.format(snippets=len(snippets()), meetings=len(known))
        write(train(everything, thresholds), about, _WEIGHTS)


if __name__ == "__main__":
    main()
