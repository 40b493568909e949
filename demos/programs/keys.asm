// For each key pressed a bar as high as the key's code, from left to right; Enter (128) ends the program.

    @24544      // the first word of the lowest row: SCREEN + 32 * 255
    D=A
    @foot
    M=D
(RELEASED)
    @KBD
    D=M
    @RELEASED
    D;JNE
(PRESSED)
    @KBD
    D=M
    @PRESSED
    D;JEQ
    @height
    M=D
    @128
    D=D-A
    @END
    D;JEQ
    @foot
    D=M
    @place
    M=D
(BAR)
    @4095       // twelve pixels black, four white
    D=A
    @place
    A=M
    M=D
    @32
    D=A
    @place
    M=M-D
    @height
    MD=M-1
    @BAR
    D;JGT
    @foot
    MD=M+1
    @24576      // past the last word of the row the screen is full
    D=D-A
    @RELEASED
    D;JLT
(END)
    @END
    0;JMP
