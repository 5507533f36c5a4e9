"""CPython notes of which class an object is, and from which a class is derived, in words that change with it."""

from gradstop.internals.words import Words, bases_word, class_word


class One:
    pass


class Other:
    pass


class Derived(One):
    pass


def test_a_word_changes_with_the_class_of_an_object_and_is_put_back_with_it():
    thing, same = One(), One()
    words = Words([class_word(same), class_word(thing)])
    assert words.others(words.read()) == []
    thing.__class__ = Other
    assert words.others(words.read()) == [1]
    thing.__class__ = One
    assert words.others(words.read()) == []


def test_a_word_changes_with_the_bases_of_a_class_and_is_put_back_with_them():
    bases = Derived.__bases__
    words = Words([bases_word(One), bases_word(Derived), class_word(Derived)])
    Derived.__bases__ = (Other,)
    assert words.others(words.read()) == [1]
    Derived.__bases__ = bases
    assert words.others(words.read()) == []


def test_what_is_known_of_words_stays_when_others_are_added():
    thing, other = One(), One()
    words = Words([class_word(thing)])
    thing.__class__ = Other
    words = words.and_those([class_word(other)])
    assert words.others(words.read()) == [0]
    thing.__class__ = One
    assert words.others(words.read()) == []


def test_there_may_be_none():
    words = Words([])
    assert words.others(words.read()) == []
