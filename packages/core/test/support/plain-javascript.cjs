/** Networks as somebody writes them in plain JavaScript: no types, no compiler, old and new ways side by side. */
"use strict";

/** @param {{ mx: any, nn: any }} mlx */
module.exports = function networks({ mx, nn }) {
  const gains = new WeakMap();

  // Inheritance as it was done before classes.
  function Gain(gain) {
    const self = Reflect.construct(nn.Module, [], new.target || Gain);
    gains.set(self, gain);
    self.shift = new Shift(1);
    return self;
  }
  Gain.prototype = Object.create(nn.Module.prototype, { constructor: { value: Gain } });
  Gain.prototype.forward = function (x) {
    return mx.multiply(this.shift.forward(x), gains.get(this));
  };

  class Shift extends nn.Module {
    constructor(amount) {
      super();
      this.amount = amount;
    }
    forward(x) {
      return mx.add(x, this.amount);
    }
  }

  // A class made by a function, with the class that it extends as an argument.
  const Twice = (Base) =>
    class extends Base {
      forward(x) {
        return super.forward(super.forward(x));
      }
    };

  class Everything extends nn.Module {
    static #made = 0;
    static {
      Everything.kind = "everything";
    }
    #factor = 2;
    steps = [Gain(3), new (Twice(Shift))(5)];
    byName = new Map([["last", new Shift(7)]]);
    arrow = (x) => this.steps[1].forward(x);

    constructor() {
      super();
      Everything.#made += 1;
      this.bound = this.bound.bind(this);
    }
    get first() {
      return this.steps[0];
    }
    bound(x) {
      return this.byName.get("last").forward(x);
    }
    forward(x) {
      return mx.multiply(this.bound(this.arrow(this.first.forward(x))), this.#factor);
    }
  }

  return { Everything, Gain, Shift, Twice };
};
