"""Sentences of the section that explains how it works. Names in braces are filled in by `str.format`."""

from pipelines.language.sentence import Sentence, as_sentences

HOW_IT_WORKS = "How it works, on your own picture"
NOTHING_MADE_YET = "Make a picture first: then you see here how it came about."
FORGOTTEN_RUN = "This run was forgotten, or its photos were removed. Press Generate to make another."

# From noise to face

FILM = "From noise to your picture"
FILM_ABOUT = (
    "The engine begins with noise that the seed decides, and takes noise away, step by step. Each step shows what it "
    "takes the picture for so far. Clothes, backdrop and light come last, without the engine."
)
FILM_NOT_KEPT = "No previews were kept of this run."
NOISE, STEP, DRAWN, FINISHED = "Noise of seed {seed}", "Step {step} of {count}", "As drawn", "Finished"

# Likeness on a scale

SCALE = "How alike, on one scale"
SCALE_ABOUT = (
    "A face recogniser turns every face into a list of numbers. Two lists are compared by their cosine: 1 is the same "
    "picture, 0 is nothing in common. It sees the face alone: not hair, clothes or age as people see them."
)
SAME_PHOTO = "The same photo twice"
YOUR_PHOTOS_AMONG = "Your photos with each other"
USUAL_PAIR = "Two shots of one person, as a rule"
ONLY_ONE_PHOTO = (
    "You gave one photo, so nobody knows how alike two photos of you are. Add a second one, and this scale shows it."
)
MADE_HERE = "The pictures made here"
STRANGER = "A stranger: {example}"
LOW_END, HIGH_END = "0 · nothing in common", "the same picture · 1"
SOMEBODY_ELSE, IN_PART, NEARLY, AS_ALIKE = "somebody else", "in part you", "nearly you", "as alike as two photos"
COSINE, COSINES = "{cosine:.2f}", "{low:.2f} to {high:.2f}"
VALUE_AND_WORD = "{value}: {word}"

# Two settings tried out

GRID = "What two settings do"
GRID_ABOUT = (
    "The best picture once more, with one setting changed at a time; seed, look and words stay. It is a run like any "
    "other: it waits its turn, and it can be cancelled. The small pictures are not saved."
)
DRAW_GRID, CANCEL_GRID = "Draw {pictures} small pictures", "Cancel these"
GRID_VALUE = "{value:g}"
GRID_ROWS = {
    "resemblance": "How much it is you: how much of your face goes into the drawing. 0 is somebody else.",
    "guidance_scale": (
        "Guidance scale: how strictly the drawing follows face, look and words. Too much makes skin hard and colours "
        "loud."
    ),
}
GRID_OF_SETTING = "{setting} {value:g}"

# What can go wrong

GOES_WRONG = "What can go wrong"
FAULTS = {
    Sentence("Somebody alike"): (
        "The face is drawn, not copied, so small things differ: a scar, the shape of a tooth, an eyelid. Look at the "
        "picture as a friend would, not at the number alone."
    ),
    Sentence("Hair and beard"): (
        "The recogniser does not see hair. Length, parting, a bun or a beard can change without the likeness falling."
    ),
    Sentence(
        "Glasses and ears"
    ): "Glasses may lose their frame or gain one; ears and earrings may not match each other.",
    Sentence("Head coverings"): (
        "The built-in engine cannot draw a headscarf, a turban or a cap: it draws hair that it does not know."
    ),
    Sentence("Skin"): (
        "Drawn faces drift towards the average of what the model learned from. The tone is put back from your photos, "
        "within limits: a dark photo or coloured light makes it a guess."
    ),
    Sentence("Hidden parts"): (
        "Whatever no photo shows is invented: behind a mask, sunglasses or hair, or on the far side of a turned head."
    ),
    Sentence("Who it serves worse"): (
        "Models draw best what they saw most often. Faces that were rare in their training data come out less alike."
    ),
}

# Words

GLOSSARY_TITLE = "Words"
GLOSSARY = {
    Sentence("Neural network"): (
        "A program whose rules were not written but set by examples, as millions of numbers. Here one draws, one finds "
        "faces, one compares them and one tells hair from backdrop."
    ),
    Sentence("Training data"): (
        "The pictures from which a network learned. What they lack it draws badly, and their licence limits its use."
    ),
    Sentence("Latent space"): (
        "A short form of pictures in which the engine draws: fewer numbers than pixels, and like pictures lie close "
        "together. A decoder turns the result back into pixels."
    ),
    Sentence("Conditioning"): (
        "Whatever steers the drawing away from a picture of anybody: here your face, your best photo and the words of "
        "the look. Without it the same noise would become somebody else."
    ),
    Sentence("Fine-tuning"): (
        "Training a network further on the pictures of one person or style. There is none here: your photos are only "
        "looked at during a run, no network changes, and so nothing of you stays in one."
    ),
    Sentence("Embedding"): (
        "The list of numbers into which a recogniser turns a face. Photos of one person get lists that point the same "
        "way."
    ),
    Sentence("Identity scale"): (
        "The weight with which your embedding enters the drawing. “How much it is you” turns it and the weight of your "
        "best photo together."
    ),
    Sentence("Guidance scale"): (
        "The engine draws each step twice, with and without conditioning, and goes further in the direction of the "
        "difference. The scale says how much further; 1 is no further at all."
    ),
    Sentence("Scheduler"): (
        "The plan of how much noise each step takes away. A good plan needs few steps for the same picture."
    ),
    Sentence("Seed"): (
        "The number from which the first noise is made. The same photos, settings and seed give the same picture "
        "again; another seed gives another one."
    ),
    Sentence("Matting"): (
        "Cutting a person out with soft edges: each pixel is said to be so much person and so much backdrop. Fine hair "
        "is why a plain outline will not do."
    ),
}

as_sentences(globals())
